"""What happens for an installation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from connect.client import ConnectClient
from connect.client.testing import ConnectClientMocker as Api
from connect_eaas.testing import run_task

from order_watch.events import OrderWatchEvents
from order_watch.settings import Settings

URL = "https://example.org/public/v1"


@pytest.fixture
def api() -> Iterator[Api]:
    with Api(URL) as mocker:
        yield mocker


def run(event_type: str, payload: dict[str, Any], settings: dict[str, Any] | None = None) -> Any:
    account = ConnectClient("ApiKey SU-1:account", endpoint=URL, use_specs=False)
    installation = {"id": "EIN-1", "settings": settings or {}}
    return run_task(OrderWatchEvents, event_type, payload, installation=installation, installation_client=account)


def order(*quantities: str) -> dict[str, Any]:
    items = [{"quantity": quantity} for quantity in quantities]
    return {"id": "PR-1", "status": "pending", "asset": {"items": items}}


def test_a_new_installation_gets_its_first_settings(api: Api) -> None:
    first = {"settings": Settings().model_dump()}
    api("devops").installations["EIN-1"].update(match_body=first, return_value={})
    installation = {"id": "EIN-1", "status": "installed", "settings": {}}
    assert run("installation_status_change", installation).result == "success"


@pytest.mark.parametrize(
    "installation",
    [
        {"id": "EIN-1", "status": "installed", "settings": {"large_from": 7}},
        {"id": "EIN-1", "status": "uninstalled", "settings": {}},
    ],
    ids=["has settings", "has ended"],
)
def test_other_installations_are_left_as_they_are(api: Api, installation: dict[str, Any]) -> None:
    assert run("installation_status_change", installation).result == "success"


def test_a_large_order_gets_a_note_in_the_words_of_the_account(api: Api) -> None:
    api.conversations["PR-1"].messages.create(match_body={"text": "Wow! (12 pieces)"}, return_value={})
    outcome = run("asset_purchase_request_processing", order("5", "7", "unlimited"), {"large_from": 12, "note": "Wow!"})
    assert outcome.result == "success"


@pytest.mark.parametrize("settings", [{"large_from": 13}, {"large_from": 1, "enabled": False}, {}])
def test_other_orders_get_none(settings: dict[str, Any]) -> None:
    outcome = run("asset_purchase_request_processing", order("12"), settings)
    assert (outcome.result, outcome.message) == ("skip", "no large order")


def test_settings_that_nobody_can_read_count_for_nothing() -> None:
    assert Settings.of({"settings": {"large_from": "many"}}) == Settings()
    assert Settings.of({"settings": None}) == Settings()
