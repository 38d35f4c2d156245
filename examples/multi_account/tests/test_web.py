"""The API of the pages, and the pages themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from order_watch.web import OrderWatchWeb

INSTALLATION = {"id": "EIN-1", "settings": {"large_from": 10, "note": "Wow!"}}


@pytest.fixture
def client(test_client_factory: Callable[..., Any]) -> Any:
    return test_client_factory(OrderWatchWeb)


def test_the_settings_are_those_of_the_installation(client: Any) -> None:
    answer = client.get("/api/settings", installation=INSTALLATION)
    assert answer.json() == {"enabled": True, "large_from": 10, "note": "Wow!"}


def test_settings_are_kept_in_the_installation(client: Any, client_mocker_factory: Callable[..., Any]) -> None:
    settings = {"enabled": False, "large_from": 3, "note": "Look!"}
    api = client_mocker_factory()
    api("devops").installations["EIN-1"].update(match_body={"settings": settings}, return_value={})
    answer = client.put("/api/settings", json=settings, installation=INSTALLATION)
    assert answer.json() == settings


@pytest.mark.parametrize("wrong", [{"large_from": 0}, {"note": ""}, {"colour": "red"}])
def test_wrong_settings_are_refused_with_the_name_of_the_field(client: Any, wrong: dict[str, Any]) -> None:
    answer = client.put("/api/settings", json=wrong, installation=INSTALLATION)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] in wrong


def test_large_orders_are_marked(client: Any, client_mocker_factory: Callable[..., Any]) -> None:
    api = client_mocker_factory()
    items = {pieces: [{"quantity": pieces}] for pieces in ("9", "10")}
    orders = [{"id": f"PR-{name}", "status": "pending", "asset": {"items": item}} for name, item in items.items()]
    api.requests.filter(type="purchase").order_by("-created")[0:50].mock(return_value=orders)
    answer = client.get("/api/orders", installation=INSTALLATION)
    assert [(item["id"], item["large"]) for item in answer.json()] == [("PR-9", False), ("PR-10", True)]


def test_health_needs_no_key(client: Any) -> None:
    answer = client.get("/unauthorized/health", context={"environment_type": "test"})
    assert answer.json() == {"status": "ok", "environment": "test"}


@pytest.mark.parametrize("page", ["settings", "orders"])
def test_pages_are_served_with_what_they_load(client: Any, page: str) -> None:
    assert client.get(f"/static/{page}.html").headers["content-type"].startswith("text/html")
    for file in ("style.css", "api.js", f"{page}.js"):
        assert file in client.get(f"/static/{page}.html").text
        assert client.get(f"/static/{file}").status_code == 200
