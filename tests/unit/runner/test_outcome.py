"""From a response or a failure to what the platform is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.errors import ResponseError
from connect_eaas.protocol.messages import MAX_MESSAGE_LENGTH
from connect_eaas.responses import (
    BackgroundResponse,
    InteractiveResponse,
    ScheduledExecutionResponse,
    ValidationResponse,
)
from connect_eaas.runner import outcome

ACTION, CUSTOM, VALIDATION = (
    "product_action_execution",
    "product_custom_event_processing",
    "asset_purchase_request_validation",
)


def test_countdown_travels_with_reschedule_only() -> None:
    assert outcome.from_response(BackgroundResponse.reschedule(40), "e").countdown == 40
    assert outcome.from_response(BackgroundResponse.done(), "e").countdown == 0
    assert outcome.from_response(ScheduledExecutionResponse.fail("why"), "e").message == "why"


def test_legacy_validation_carries_the_object() -> None:
    output = outcome.from_response(ValidationResponse.done({"id": "PR-1"}), VALIDATION)

    assert output.data == {"http_status": 200, "headers": None, "body": {"id": "PR-1"}}


@pytest.mark.parametrize("status", [301, 308])
def test_permanent_redirect_is_refused_for_actions_only(status: int) -> None:
    response = InteractiveResponse.done(http_status=status)

    with pytest.raises(ResponseError, match=str(status)):
        outcome.from_response(response, ACTION)
    assert outcome.from_response(response, CUSTOM).data["http_status"] == status


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"http_status": "200"}, "http_status"),
        ({"http_status": 99}, "http_status"),
        ({"http_status": True}, "http_status"),
        ({"headers": ["a"]}, "headers"),
        ({"headers": {"A": None}}, "headers: 'A'"),
        ({"body": object()}, "body"),
    ],
)
def test_answer_that_http_cannot_carry_is_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ResponseError, match=named):
        outcome.from_response(InteractiveResponse.done(**arguments), CUSTOM)


def test_trouble_is_a_retry_unless_somebody_waits() -> None:
    assert outcome.failed("background", "e", "text").result == "retry"
    assert outcome.failed("scheduled", "scheduled_execution", "text").result == "retry"
    waiting = outcome.failed("interactive", ACTION, "text")
    assert (waiting.result, waiting.data) == ("fail", {"http_status": 400, "headers": None, "body": "text"})
    assert outcome.failed("interactive", VALIDATION, "text").data is None


@given(st.text(min_size=1, max_size=30), st.integers(1, 2000))
def test_text_is_cut_in_its_middle(part: str, times: int) -> None:
    text = part * times
    short = outcome.shorten(text)

    assert len(short) <= MAX_MESSAGE_LENGTH
    if len(text) > MAX_MESSAGE_LENGTH:
        assert short[:900] == text[:900]
        assert short[-2000:] == text[-2000:]
    else:
        assert short == text


@given(st.text(alphabet=st.characters(categories=["Cs", "Lu"]), max_size=50))
def test_lone_surrogates_do_not_get_through(text: str) -> None:
    assert outcome.failed("background", "e", text).model_dump_json()
