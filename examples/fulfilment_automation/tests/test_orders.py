"""The life of an order. Calls of the API that a test does not expect fail, and so do expected ones that are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from connect.client.testing import AsyncConnectClientMocker as Api
from connect_eaas.testing import TaskOutcome, run_task

from fulfilment_automation.events import LOOK_AGAIN_S, FulfilmentApplication

CONFIG = {"MAX_SEATS": "10", "PORTAL_URL": "https://portal.example"}
Run = Callable[[str, dict[str, Any]], TaskOutcome]


@pytest.fixture
def api() -> Iterator[Api]:
    with Api("https://example.org/public/v1") as mocker:
        yield mocker


@pytest.fixture
def run(api: Api) -> Run:
    return partial(run_task, FulfilmentApplication, config=CONFIG)


def order(activation: str = "", *, email: str = "ann@example.com", seats: int = 3) -> dict[str, Any]:
    params = [{"id": "admin_email", "value": email}, {"id": "activation_status", "value": activation}]
    items = [{"id": "PRD-1-1", "quantity": str(seats)}, {"id": "PRD-1-2", "quantity": "unlimited"}]
    asset = {"id": "AS-1", "product": {"id": "PRD-1"}, "params": params, "items": items}
    return {"id": "PR-1", "type": "purchase", "status": "pending", "asset": asset}


def expect_template(api: Api, kind: str) -> None:
    found = api.products["PRD-1"].templates.filter(scope="asset", type=kind)
    found.first().mock(return_value=[{"id": "TL-1"}])


def test_a_new_order_is_handed_to_the_service_and_looked_at_again(api: Api, run: Run) -> None:
    written = [{"id": "activation_status", "value": "pending"}, {"id": "subscription_id", "value": "WS-AS-1"}]
    api.requests["PR-1"].update(match_body={"asset": {"params": written}}, return_value={})
    outcome = run("asset_purchase_request_processing", order())
    assert (outcome.result, outcome.countdown) == ("reschedule", LOOK_AGAIN_S)


def test_an_order_that_the_service_has_already_is_not_handed_over_again(run: Run) -> None:
    assert run("asset_purchase_request_processing", order("pending")).result == "reschedule"


def test_an_order_whose_service_is_ready_is_approved(api: Api, run: Run) -> None:
    expect_template(api, "fulfillment")
    api.requests["PR-1"]("approve").post(match_body={"template_id": "TL-1"}, return_value={})
    assert run("asset_purchase_request_processing", order("ready")).result == "success"


@pytest.mark.parametrize(
    ("event_type", "request_", "reason"),
    [
        (
            "asset_purchase_request_processing",
            order("failed"),
            "The workspace could not be made. You have not been charged.",
        ),
        ("asset_purchase_request_processing", order(seats=11), "At most 10 seats can be ordered, not 11."),
        ("asset_change_request_processing", order(seats=12), "At most 10 seats can be ordered, not 12."),
    ],
)
def test_what_cannot_be_fulfilled_is_failed_with_a_reason(
    api: Api, run: Run, event_type: str, request_: dict[str, Any], reason: str
) -> None:
    api.requests["PR-1"]("fail").post(match_body={"reason": reason}, return_value={})
    assert run(event_type, request_).result == "success"


@pytest.mark.parametrize("email", ["", "nobody"])
def test_a_faulty_order_goes_back_to_the_customer(api: Api, run: Run, email: str) -> None:
    expect_template(api, "inquire")
    api.requests["PR-1"].update(return_value={})
    api.requests["PR-1"]("inquire").post(match_body={"template_id": "TL-1"}, return_value={})
    assert run("asset_purchase_request_processing", order(email=email)).result == "success"


@pytest.mark.parametrize("what", ["change", "suspend", "resume", "cancel"])
def test_later_requests_are_approved(api: Api, run: Run, what: str) -> None:
    expect_template(api, "fulfillment")
    api.requests["PR-1"]("approve").post(match_body={"template_id": "TL-1"}, return_value={})
    assert run(f"asset_{what}_request_processing", order()).result == "success"


def test_without_a_template_the_platform_tries_again(api: Api, run: Run) -> None:
    api.products["PRD-1"].templates.filter(scope="asset", type="fulfillment").first().mock(return_value=[])
    outcome = run("asset_cancel_request_processing", order())
    assert outcome.result == "retry"
    assert "PRD-1 has no template" in str(outcome.exception)


def test_a_draft_shows_its_mistakes_and_forgets_those_that_were_corrected(run: Run) -> None:
    draft = {**order(email="nobody"), "status": "draft"}
    outcome = run("asset_purchase_request_validation", draft)
    assert outcome.data["body"]["asset"]["params"][0]["value_error"] == "This is not an e-mail address."
    draft["asset"]["params"][0].update(value="ann@example.com", value_error="old")
    outcome = run("asset_purchase_request_validation", draft)
    assert outcome.data["body"]["asset"]["params"][0]["value_error"] == ""


def test_a_product_action_leads_to_the_portal(run: Run) -> None:
    outcome = run("product_action_execution", {"jwt_payload": {"action_id": "sso", "asset_id": "AS-1"}})
    assert outcome.data["http_status"] == 302
    assert outcome.data["headers"]["Location"] == "https://portal.example?action=sso&asset=AS-1"


def test_the_service_reports(api: Api, run: Run) -> None:
    api.requests.filter(id="PR-1").first().mock(return_value=[order("pending")])
    written = [
        {"id": "activation_status", "value": "ready"},
        {"id": "activation_url", "value": "https://portal.example/AS-1"},
    ]
    api.requests["PR-1"].update(match_body={"asset": {"params": written}}, return_value={})
    outcome = run("product_custom_event_processing", {"body": {"request_id": "PR-1", "status": "ready"}})
    assert outcome.data["body"] == {"accepted": "PR-1"}


@pytest.mark.parametrize("body", [None, "ready", {}, {"request_id": "PR-1", "status": "done"}])
def test_a_report_without_sense_is_refused(run: Run, body: object) -> None:
    assert run("product_custom_event_processing", {"body": body}).data["http_status"] == 400


def test_a_report_about_an_unknown_order_is_refused(api: Api, run: Run) -> None:
    api.requests.filter(id="PR-9").first().mock(return_value=[])
    outcome = run("product_custom_event_processing", {"body": {"request_id": "PR-9", "status": "ready"}})
    assert outcome.data["http_status"] == 404


def test_customers_who_have_not_answered_are_reminded(api: Api, run: Run) -> None:
    api.requests.filter(status="inquiring").mock(return_value=[order()])
    api.conversations["PR-1"].messages.create(match_body={"text": "Hello?"}, return_value={})
    outcome = run("scheduled_execution", {"method": "remind", "parameter": {"text": "Hello?"}})
    assert outcome.result == "success"
