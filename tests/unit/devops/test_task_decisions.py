"""What results do to tasks."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given

from connect_devops.domain.extension import check_extension, types_for
from connect_devops.domain.subscription import Occurrence, Subscriber, is_told, wants_status
from connect_devops.domain.task import (
    DONE,
    TRANSITIONS,
    WAITING,
    Fail,
    Happening,
    Reschedule,
    Retry,
    RetryPolicy,
    Status,
    TransitionError,
    decide,
    decide_lost,
    status_after,
)
from connect_devops.domain.variable import check_name, check_value
from connect_eaas.protocol.messages import TaskOutput

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
OUTPUTS = st.builds(
    TaskOutput,
    result=st.sampled_from(["success", "skip", "fail", "retry", "reschedule", "delete"]),
    countdown=st.integers(-(10**12), 10**12),
    message=st.none() | st.text(),
)
CATEGORIES = st.sampled_from(["background", "scheduled", "interactive", "transformation"])


@given(OUTPUTS, CATEGORIES, st.integers(0, 20))
def test_every_result_is_decided_and_the_table_knows_the_way(output: TaskOutput, category: str, used: int) -> None:
    decision = decide(output, category=category, retries_used=used, now=NOW)
    after = status_after("processing", decision.happening)
    assert after in (*WAITING, *DONE)
    if isinstance(decision, Retry | Reschedule):
        assert category != "interactive"
        assert decision.at >= NOW
    if output.result in ("fail", "delete"):
        assert isinstance(decision, Fail)
    if output.result == "retry":
        assert isinstance(decision, Fail) == (used >= 10 or category == "interactive")


@given(CATEGORIES, st.integers(0, 20), st.booleans())
def test_a_lost_runner_uses_up_a_try(category: str, used: int, at_once: bool) -> None:
    decision = decide_lost("gone", category=category, retries_used=used, now=NOW, at_once=at_once)
    if category == "interactive" or used >= 10:
        assert decision == Fail("gone")
    else:
        assert isinstance(decision, Retry)
        assert (decision.at == NOW) == at_once


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [RetryPolicy().pause(used) for used in range(10)]
    assert pauses[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)


@given(st.sampled_from(get_args(Status)), st.sampled_from(get_args(Happening)))
def test_what_the_table_does_not_name_cannot_happen(status: Status, happening: Happening) -> None:
    if (status, happening) in TRANSITIONS:
        assert status_after(status, happening) in get_args(Status)
    else:
        with pytest.raises(TransitionError, match=status):
            status_after(status, happening)


def test_what_is_done_stays_done_but_for_a_person() -> None:
    leaving = {happening for (status, happening) in TRANSITIONS if status in DONE}
    assert leaving == {"resubmit"}


@pytest.mark.parametrize(
    ("subscriber", "occurrence", "told"),
    [
        (Subscriber("products", "VA-1", {"PRD-1"}), Occurrence(product_id="PRD-1"), True),
        (Subscriber("products", "VA-1", {"PRD-1"}), Occurrence(product_id="PRD-2", account_ids=["VA-1"]), False),
        (Subscriber("products", "VA-1"), Occurrence(account_ids=["VA-1"]), True),
        (Subscriber("hub", "PA-1", hub_id="HB-1"), Occurrence(hub_id="HB-1"), True),
        (Subscriber("hub", "PA-1", hub_id="HB-1"), Occurrence(account_ids=["PA-1"]), False),
        (Subscriber("hub", "PA-1"), Occurrence(), False),
        (Subscriber("multiaccount", "PA-1"), Occurrence(account_ids=["PA-1"]), True),
        (Subscriber("transformations", "PA-1"), Occurrence(account_ids=["PA-2"]), False),
    ],
)
def test_who_is_told(subscriber: Subscriber, occurrence: Occurrence, told: bool) -> None:
    assert is_told(subscriber, occurrence) is told


def test_a_subscription_without_statuses_covers_all() -> None:
    assert wants_status([], "pending")
    assert wants_status([], None)
    assert not wants_status(["draft"], "pending")
    assert not wants_status(["draft"], None)


def test_types_follow_the_role() -> None:
    assert types_for("vendor") == ("products", "multiaccount", "transformations")
    assert types_for("reseller") == ("hub", "multiaccount", "transformations")
    wrong = check_extension("vendor", "products", {"name": "x"}, products=["A", "A"], hub_id="HB-1")
    assert [field for field, _ in wrong] == ["hub", "products"]


@given(st.text() | st.none() | st.integers())
def test_a_variable_is_accepted_exactly_by_the_rules(text: object) -> None:
    import re

    good = isinstance(text, str) and len(text) <= 256 and re.fullmatch(r"[A-Za-z](?:[A-Za-z0-9_\-.]+)*", text)
    assert bool(good) == (check_name(text) == [])
    assert (isinstance(text, str) and text != "" and "\x00" not in text) == (check_value(text) == [])
