"""What the options of `ccli devops schedule add` mean."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.devops.planning import PlanError, changed_trigger, planned_trigger, trigger_words
from connect_devops.domain.trigger import parse_trigger

WEDNESDAY = datetime(2026, 5, 6, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("every", "at", "first", "words"),
    [
        ("daily", "02:00", "2026-05-07T02:00", "every day at 02:00"),
        ("daily", "12:01", "2026-05-06T12:01", "every day at 12:01"),
        ("daily", "12:00", "2026-05-07T12:00", "every day at 12:00"),
        ("daily", "02:00+02:00", "2026-05-07T00:00", "every day at 00:00"),
        ("weekly", "mon 02:00", "2026-05-11T02:00", "every week, Monday at 02:00"),
        ("2 weeks", "wednesday 11:00", "2026-05-13T11:00", "every 2 weeks, Wednesday at 11:00"),
        ("weekly", "wed 13:00", "2026-05-06T13:00", "every week, Wednesday at 13:00"),
        ("6h", "00:30", "2026-05-07T00:30", "every 6 hours, at minute 30"),
        ("hourly", None, "2026-05-06T13:00", "every hour, at minute 00"),
        ("3 days", "2026-06-01T08:00Z", "2026-06-01T08:00", "every 3 days at 08:00"),
        ("monthly", None, "2026-06-01T00:00", "every month, at the beginning of the month"),
        (None, "02:00", "2026-05-07T02:00", "once, 2026-05-07 02:00"),
        (None, "2026-06-01", "2026-06-01T00:00", "once, 2026-06-01 00:00"),
    ],
)
def test_the_first_time_and_the_words(every: str | None, at: str | None, first: str, words: str) -> None:
    body = planned_trigger(WEDNESDAY, every=every, at=at)
    trigger = parse_trigger(body)
    assert trigger.next_after(WEDNESDAY, None) == datetime.fromisoformat(first).replace(tzinfo=timezone.utc)
    assert trigger_words(trigger.as_json()) == words


def test_cron_with_its_bounds() -> None:
    body = planned_trigger(WEDNESDAY, cron="0 2 15 * *", at="2026-06-20T00:00", until="2026-12-31T00:00")
    trigger = parse_trigger(body)
    assert trigger.next_after(WEDNESDAY, None) == datetime(2026, 7, 15, 2, tzinfo=timezone.utc)
    assert trigger_words(body) == "cron 0 2 15 * * from 2026-06-20 00:00 until 2026-12-31 00:00"


@pytest.mark.parametrize(
    ("options", "option", "expected"),
    [
        ({}, None, "--every daily --at 02:00"),
        ({"every": "daily", "cron": "* * * * *"}, None, "do not go together"),
        ({"every": "0h"}, "--every", "2 weeks"),
        ({"every": "often"}, "--every", "hourly, daily, weekly, monthly"),
        ({"at": "noon"}, "--at", "a time of day"),
        ({"at": "sometimes 02:00"}, "--at", "monday 02:00"),
        ({"at": "mo 02:00"}, "--at", "monday 02:00"),
        ({"at": "25:00"}, "--at", "a time of day"),
        ({"cron": "* * * * *", "at": "02:00"}, "--at", "a date and time"),
        ({"every": "monthly", "at": "02:00"}, "--at", "--cron"),
        ({"at": "02:00", "until": "2027-01-01"}, "--until", "--every"),
        ({"every": "daily", "until": "never"}, "--until", "'never'"),
    ],
)
def test_what_says_no_time_is_refused_with_what_was_expected(
    options: dict[str, str], option: str | None, expected: str
) -> None:
    with pytest.raises(PlanError) as caught:
        planned_trigger(WEDNESDAY, **options)
    assert caught.value.option == option
    assert expected in str(caught.value)


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(lambda one: one.replace(tzinfo=timezone.utc)),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    day=st.sampled_from(["", "mon ", "tuesday ", "Sun "]),
)
def test_a_time_of_day_is_the_next_one(now: datetime, at: datetime, day: str) -> None:
    body = planned_trigger(now, at=f"{day}{at:%H:%M}")
    moment = datetime.fromisoformat(body["date"])
    assert moment.time() == at.replace(tzinfo=None)
    assert timedelta(0) < moment - now <= timedelta(days=7 if day else 1)
    if day:
        assert moment.strftime("%A").lower().startswith(day.strip().lower())


@given(text=st.text(max_size=20), option=st.sampled_from(["at", "every", "until"]))
def test_any_text_is_a_time_or_refused_by_its_option(text: str, option: str) -> None:
    options = {"every": "daily", option: text} if option == "until" else {option: text}
    try:
        words = trigger_words(planned_trigger(WEDNESDAY, **options))
    except PlanError as error:
        told = error.option
    else:
        told = f"--{option}" if words else None
    assert told == f"--{option}"


NIGHTLY = planned_trigger(WEDNESDAY, every="daily", at="02:00")
MONDAYS = planned_trigger(WEDNESDAY, every="2 weeks", at="2026-04-27T02:00", until="2026-12-31T00:00")
CRON = planned_trigger(WEDNESDAY, cron="0 2 15 * *", at="2026-06-20T00:00")
ONCE = planned_trigger(WEDNESDAY, at="02:00")


@pytest.mark.parametrize(
    ("present", "options", "first", "words"),
    [
        (NIGHTLY, {"at": "03:00"}, "2026-05-07T03:00", "every day at 03:00"),
        (NIGHTLY, {"every": "6h"}, "2026-05-07T02:00", "every 6 hours, at minute 00"),
        (NIGHTLY, {"every": "6h", "at": "13:30"}, "2026-05-06T13:30", "every 6 hours, at minute 30"),
        (NIGHTLY, {"until": "2026-06-01"}, "2026-05-07T02:00", "every day at 02:00 until 2026-06-01 00:00"),
        (NIGHTLY, {"cron": "0 4 * * *"}, "2026-05-07T04:00", "cron 0 4 * * *"),
        (NIGHTLY, {"once": True, "at": "04:00"}, "2026-05-07T04:00", "once, 2026-05-07 04:00"),
        # Its days and weeks stay: the next one is the Monday after the next.
        (MONDAYS, {"at": "03:00"}, "2026-05-11T03:00", "every 2 weeks, Monday at 03:00 until 2026-12-31 00:00"),
        (MONDAYS, {"at": "00:00+02:00"}, "2026-05-10T22:00", "every 2 weeks, Sunday at 22:00 until 2026-12-31 00:00"),
        (MONDAYS, {"at": "tue 03:00", "until": "never"}, "2026-05-12T03:00", "every 2 weeks, Tuesday at 03:00"),
        (MONDAYS, {"every": "monthly"}, "2026-06-01T00:00", "every month, at the beginning of the month until"),
        (CRON, {"cron": "0 3 15 * *"}, "2026-07-15T03:00", "cron 0 3 15 * * from 2026-06-20 00:00"),
        (CRON, {"at": "2026-05-01"}, "2026-05-15T02:00", "cron 0 2 15 * * from 2026-05-01 00:00"),
        (CRON, {"every": "daily"}, "2026-06-20T00:00", "every day at 00:00"),
        (ONCE, {"at": "03:00"}, "2026-05-07T03:00", "once, 2026-05-07 03:00"),
        (ONCE, {"every": "weekly"}, "2026-05-07T02:00", "every week, Thursday at 02:00"),
    ],
)
def test_what_is_not_said_of_a_change_stays(
    present: dict[str, Any], options: dict[str, Any], first: str, words: str
) -> None:
    trigger = parse_trigger(changed_trigger(WEDNESDAY, parse_trigger(present).as_json(), **options))
    assert trigger.next_after(WEDNESDAY, None) == datetime.fromisoformat(first).replace(tzinfo=timezone.utc)
    assert trigger_words(trigger.as_json()).startswith(words)


@pytest.mark.parametrize(
    ("present", "options", "option", "expected"),
    [
        (NIGHTLY, {"every": "daily", "once": True}, None, "--once do not go together"),
        (NIGHTLY, {"once": True}, "--once", "--at 02:00"),
        (NIGHTLY, {"every": ""}, "--every", "hourly, daily"),
        (NIGHTLY, {"until": "ever"}, "--until", "or 'never'"),
        (ONCE, {"until": "never"}, "--until", "has no end"),
        (CRON, {"at": "02:00"}, "--at", "a date and time"),
        (planned_trigger(WEDNESDAY, every="monthly"), {"at": "02:00"}, "--at", "--cron '0 2 15 * *'"),
    ],
)
def test_a_change_that_says_no_time_names_its_option(
    present: dict[str, Any], options: dict[str, Any], option: str | None, expected: str
) -> None:
    with pytest.raises(PlanError) as caught:
        changed_trigger(WEDNESDAY, present, **options)
    assert caught.value.option == option
    assert expected in str(caught.value)


@pytest.mark.parametrize("present", [NIGHTLY, MONDAYS, CRON, ONCE])
def test_a_change_of_nothing_is_none(present: dict[str, Any]) -> None:
    assert parse_trigger(changed_trigger(WEDNESDAY, present)) == parse_trigger(present)
