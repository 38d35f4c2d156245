"""Promise: interactive answers come at once, also when the handler crashes or hangs."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import jwt
import pytest
from loop import Loop

pytestmark = pytest.mark.e2e

LIMIT_S = 1
AT_ONCE_S = 8.0
"""Generous: the platform's own patience is two minutes."""
VARIABLES = {"INTERACTIVE_TASK_MAX_EXECUTION_TIME": str(LIMIT_S)}


def errors(request: dict[str, Any]) -> list[str]:
    return [item["id"] for item in request["asset"]["params"] if item.get("value_error")]


def test_a_validation_marks_the_parameters(shared_loop: Loop) -> None:
    made = shared_loop.trigger("asset_purchase_request_validation", note="look")
    assert errors(made["object"]) == ["admin_email"]
    stored = shared_loop.client.get(f"/requests/{made['object']['id']}")
    assert errors(stored) == ["admin_email"]
    assert stored["status"] == "draft"


@pytest.mark.parametrize(
    ("note", "output"), [("raise", "RuntimeError: on purpose"), ("hang", "took longer than"), ("fail", None)]
)
def test_a_failed_validation_lets_the_request_pass(shared_loop: Loop, note: str, output: str | None) -> None:
    begun = time.monotonic()
    made = shared_loop.trigger("asset_purchase_request_validation", note=note)
    assert time.monotonic() - begun < AT_ONCE_S
    assert errors(made["object"]) == []
    task = shared_loop.task(made["tasks"][-1]["id"])
    assert task["status"] == "failed"
    assert task["attempt_count"] == 1
    if output is not None:
        assert output in task["output"]
    # A draft is not stuck: the customer sends it off.
    request = made["object"]["id"]
    shared_loop.client.post(f"/requests/{request}/purchase")
    assert shared_loop.client.get(f"/requests/{request}")["status"] == "pending"


def custom_event(loop: Loop, body: Any, *, secret: str | None = None, **claims: Any) -> httpx.Response:
    """Call the hook as an external system does, with the seed's token."""
    if not loop.client.get(f"/devops/services/{loop.stage.extension_id}")["products"]:
        loop.purchase()
        loop.settle()
    product = loop.client.get(f"/devops/services/{loop.stage.extension_id}")["products"][0]["id"]
    expiry = datetime.now(timezone.utc) + timedelta(minutes=5)
    claims = {"product_id": product, "environment": "development", "exp": expiry, **claims}
    token = jwt.encode(claims, secret or loop.stage.jwt_secret, algorithm="HS256")
    return loop.client.send(
        "POST",
        f"/devops/hooks/{loop.stage.extension_id}/product/custom-event",
        headers={"Authentication": f"Bearer {token}"},
        json=body,
    )


def test_a_custom_event_is_answered(shared_loop: Loop) -> None:
    response = custom_event(shared_loop, {"word": "hello"})
    assert (response.status_code, response.json()) == (200, {"heard": "hello"})


@pytest.mark.parametrize("word", ["raise", "hang"])
def test_a_custom_event_fails_in_time(shared_loop: Loop, word: str) -> None:
    begun = time.monotonic()
    response = custom_event(shared_loop, {"word": word})
    assert time.monotonic() - begun < AT_ONCE_S
    assert response.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "x" * 32}, {"exp": 1}, {"environment": "nowhere"}, {"product_id": "PRD-000"}],
    ids=["secret", "expired", "environment", "product"],
)
def test_a_custom_event_with_a_wrong_token_reaches_nobody(shared_loop: Loop, wrong: dict[str, Any]) -> None:
    custom_event(shared_loop, {"word": "hello"})
    before = len(shared_loop.tasks())
    response = custom_event(shared_loop, {"word": "hello"}, **wrong)
    assert response.status_code == 401
    assert response.json()["errors"]
    assert len(shared_loop.tasks()) == before


def action(loop: Loop, status: str) -> httpx.Response:
    """Press the button of a product action."""
    changed = loop.set_variable("COLOUR", status)
    assert changed["value"] == status
    # The variable is there when a task says so.
    while True:
        request, _ = loop.purchase()
        if loop.journal.expect(began=request)["colour"] == status:
            break
    made = loop.trigger("product_action_execution")
    return loop.client.send("GET", made["link"])


@pytest.mark.parametrize("status", ["302", "303", "307"])
def test_a_temporary_redirect_of_a_product_action_is_followed(shared_loop: Loop, status: str) -> None:
    response = action(shared_loop, status)
    assert (response.status_code, response.headers["location"]) == (int(status), "https://example.org/there")


@pytest.mark.parametrize("status", ["301", "308"])
def test_a_permanent_redirect_of_a_product_action_is_refused(shared_loop: Loop, status: str) -> None:
    response = action(shared_loop, status)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert status in response.text
    assert "use 302" in response.text
