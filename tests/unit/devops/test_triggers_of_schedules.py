"""When schedules fire."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from connect_devops.domain.errors import ValidationError
from connect_devops.domain.trigger import Recurring, parse_trigger

UTC = timezone.utc
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def triggers(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(MOMENTS)
    end = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=4000)))
    limits = {"start": start.isoformat(), **({} if end is None else {"end": (start + end).isoformat()})}
    return draw(
        st.one_of(
            st.fixed_dictionaries({"type": st.just("onetime"), "date": MOMENTS.map(datetime.isoformat)}),
            st.builds(
                lambda unit, amount: {"type": "recurring", "unit": unit, "amount": amount, **limits},
                st.sampled_from(["hours", "days", "weeks", "months"]),
                st.integers(1, 500),
            ),
            st.builds(
                lambda expression: {"type": "advanced", "cron_expression": expression, **limits},
                st.sampled_from(
                    ["0 */2 * * *", "*/5 * * * *", "0 0 12 1 * ?", "0 0 0 29 2 * 2028/4", "1 2 3 * * 2031"]
                ),
            ),
        )
    )


@given(triggers(), MOMENTS)
def test_the_next_firing_lies_ahead_and_within_the_limits(body: dict[str, Any], now: datetime) -> None:
    trigger = parse_trigger(body)
    moment = trigger.next_after(now, now)
    if moment is None:
        return
    assert moment > now
    if body["type"] == "onetime":
        assert moment == datetime.fromisoformat(body["date"])
        return
    assert moment >= datetime.fromisoformat(body["start"])
    assert "end" not in body or moment <= datetime.fromisoformat(body["end"])
    if trigger.next_after(moment - timedelta(microseconds=1), None) != moment and body["type"] == "advanced":
        # Cron looks at whole seconds: asked within the second before, it answers the same.
        assert trigger.next_after(moment - timedelta(seconds=1), None) == moment
    between = now + (moment - now) / 2
    if between.microsecond == 0 or body["type"] != "advanced":
        assert trigger.next_after(between, now) == moment, "no firing lies between now and the next one"


@given(triggers())
def test_a_trigger_survives_its_own_form(body: dict[str, Any]) -> None:
    trigger = parse_trigger(body)
    assert parse_trigger(trigger.as_json()) == trigger


@given(st.integers(1, 30), MOMENTS, MOMENTS)
def test_months_begin_on_the_first_and_keep_their_distance(amount: int, start: datetime, now: datetime) -> None:
    trigger = Recurring("months", amount, start)
    first = trigger.next_after(start - timedelta(microseconds=1), None)
    moment = trigger.next_after(now, None)
    assert first is not None
    assert moment is not None
    assert (moment.day, moment.hour, moment.minute, moment.second, moment.microsecond) == (1, 0, 0, 0, 0)
    assert first >= start
    assert first - start <= timedelta(days=31)
    assert ((moment.year - first.year) * 12 + moment.month - first.month) % amount == 0


@pytest.mark.parametrize(
    ("expression", "now", "expected"),
    [
        ("0 */2 * * *", "2026-01-01T00:00:00", "2026-01-01T02:00:00"),
        ("30 0 12 * * *", "2026-01-01T12:00:30", "2026-01-02T12:00:30"),
        ("0 0 12 ? * MON", "2026-01-01T00:00:00", "2026-01-05T12:00:00"),
        ("0 12 1 1 * 2030", "2026-01-01T00:00:00", "2030-01-01T12:00:00"),
        ("0 0 0 1 1 ? 2027-2028", "2026-06-01T00:00:00", "2027-01-01T00:00:00"),
        ("0 0 0 1 1 ? 2027-2028", "2028-06-01T00:00:00", None),
        ("59 59 23 31 12 * */10", "2026-06-01T00:00:00", "2030-12-31T23:59:59"),
        ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
    ],
)
def test_cron_expressions_of_every_length(expression: str, now: str, expected: str | None) -> None:
    trigger = parse_trigger({"type": "advanced", "cron_expression": expression})
    assert trigger.next_after(at(now), None) == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "61 * * * *", "0 0 31 2 *", "* * * * * * 20x", "a b c d e", "*" * 31]
)
def test_a_cron_expression_that_cannot_be_is_refused(expression: str) -> None:
    with pytest.raises(ValidationError, match=r"trigger\.cron_expression"):
        parse_trigger({"type": "advanced", "cron_expression": expression})


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=40), lambda x: st.lists(x, max_size=2))
)
def test_any_value_in_any_field_is_read_or_refused_by_name(value: Any) -> None:
    full = {"type": "recurring", "unit": "days", "amount": 1, "start": "2026-01-01T00:00:00Z", "cron_expression": "x"}
    for kind in ("onetime", "recurring", "advanced", value):
        for field in ("unit", "amount", "start", "end", "date", "cron_expression"):
            assert all(name.startswith("trigger") for name, _ in refusal({**full, "type": kind, field: value}))


def refusal(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    try:
        parse_trigger(body)
    except ValidationError as error:
        return error.errors or (("nothing", "was named"),)
    return ()
