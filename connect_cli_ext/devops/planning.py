"""When a schedule fires: from the words of the command line to a trigger of the API, and back into words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from typing import Any, Final

__all__ = ["PlanError", "changed_trigger", "planned_trigger", "trigger_words"]

_EVERY: Final[Mapping[str, str]] = {"hourly": "1 hour", "daily": "1 day", "weekly": "1 week", "monthly": "1 month"}
_AMOUNT: Final = re.compile(r"(?:(\d{1,5})\s*)?(h|hour|hours|d|day|days|w|week|weeks|month|months)")
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAST_OF_A_DAY: Final = 3
_NEVER: Final = "never"
_MONTHLY: Final = (
    "Monthly schedules fire at the beginning of a month, 00:00 UTC. For another day or hour say so with --cron, "
    "e.g. --cron '0 2 15 * *'."
)


class PlanError(ValueError):
    """These words say no time.

    Args:
        option: which option it is about, None for all of them.
        problem: what is wrong, and what was expected.
    """

    def __init__(self, option: str | None, problem: str) -> None:
        super().__init__(problem)
        self.option = option


def planned_trigger(
    now: datetime, *, every: str | None = None, at: str | None = None, cron: str | None = None, until: str | None = None
) -> dict[str, Any]:
    """Return the trigger that the options of ``schedule add`` mean (``reference/devops-api.md`` 4.4).

    Args:
        now: the platform's time, with its offset.
        every: ``hourly``, ``daily``, ``weekly``, ``monthly``, or a number with a unit: ``6h``, ``2 weeks``.
        at: a date and time, or a time of day (the next one counts), the latter also after a day of the week. Alone it
            is the one time; else the first. What has no offset is UTC.
        cron: a cron expression.
        until: a date and time after which it does not fire any more.

    Raises:
        PlanError: which of them is wrong.
    """
    if every is None and at is None and cron is None:
        raise PlanError(None, "When? Say --every daily --at 02:00, or --at 2026-01-31T08:00, or --cron '0 2 * * *'.")
    if every is not None and cron is not None:
        raise PlanError(None, "--every and --cron do not go together.")
    if until is not None and every is None and cron is None:
        raise PlanError("--until", "A time that comes once has no end; it goes with --every and --cron.")
    end = {} if until is None else {"end": _date(until, "--until").isoformat()}
    if cron is not None:
        start = {} if at is None else {"start": _date(at, "--at").isoformat()}
        return {"type": "advanced", "cron_expression": cron, **start, **end}
    if every is None:
        return {"type": "onetime", "date": _moment(str(at), now).isoformat()}
    amount, unit = _period(every)
    if unit == "months" and at is not None and _as_date(at) is None:
        raise PlanError("--at", _MONTHLY)
    start_at = now if at is None else _moment(at, now)
    return {"type": "recurring", "unit": unit, "amount": amount, "start": start_at.isoformat(), **end}


def changed_trigger(
    now: datetime,
    present: Mapping[str, Any],
    *,
    every: str | None = None,
    at: str | None = None,
    cron: str | None = None,
    until: str | None = None,
    once: bool = False,
) -> dict[str, Any]:
    """Return the trigger that the options of ``schedule edit`` make of the ``present`` one; what is not said stays.

    Args:
        now: the platform's time, with its offset.
        present: the trigger in the form of the API.
        every: as in ``planned_trigger``.
        at: as there; a mere time of day moves what repeats to that time of its own days.
        cron: as there.
        until: as there, or ``never``.
        once: it is to fire once; at the time that it has, if it did so before.

    Raises:
        PlanError: which of them is wrong.
    """
    if sum((every is not None, cron is not None, once)) > 1:
        raise PlanError(None, "--every, --cron and --once do not go together.")
    kind = present["type"]
    if every is not None or cron is not None or once:
        kind = "recurring" if every is not None else "advanced" if cron is not None else "onetime"
    if kind == "onetime":
        if until is not None:
            raise PlanError("--until", "A time that comes once has no end; it goes with --every and --cron.")
        if at is None and present["type"] != kind:
            raise PlanError("--once", "When? Say --at 02:00, the next one, or --at 2026-01-31T08:00.")
        return {"type": kind, "date": present["date"] if at is None else _moment(at, now).isoformat()}
    end = {} if until is None or until == _NEVER else {"end": _date(until, "--until", f"or '{_NEVER}'").isoformat()}
    if until is None and present.get("end"):
        end = {"end": present["end"]}
    if kind == "advanced":
        known = present if present["type"] == kind else {}
        start = known.get("start") if at is None else _date(at, "--at").isoformat()
        expression = known["cron_expression"] if cron is None else cron
        return {"type": kind, "cron_expression": expression, **({"start": start} if start else {}), **end}
    amount, unit = _period(every) if every is not None else (present["amount"], str(present["unit"]))
    if unit == "months" and at is not None and _as_date(at) is None:
        raise PlanError("--at", _MONTHLY)
    begun = present.get("date") or present.get("start")
    if at is None:
        start_at = datetime.fromisoformat(begun) if begun else now
    elif begun and every is None and (clock := _time(at.strip())) is not None:
        first = datetime.fromisoformat(begun).astimezone(clock.tzinfo)
        start_at = datetime.combine(first.date(), clock).astimezone(timezone.utc)
    else:
        start_at = _moment(at, now)
    return {"type": kind, "unit": unit, "amount": amount, "start": start_at.isoformat(), **end}


def trigger_words(trigger: Mapping[str, Any]) -> str:
    """Say in words when a trigger of the API fires; times are UTC."""
    end = f" until {_short(trigger['end'])}" if trigger.get("end") else ""
    if trigger["type"] == "onetime":
        return f"once, {_short(trigger['date'])}"
    if trigger["type"] == "advanced":
        begin = f" from {_short(trigger['start'])}" if trigger.get("start") else ""
        return f"cron {trigger['cron_expression']}{begin}{end}"
    amount, unit = trigger["amount"], str(trigger["unit"])
    start = datetime.fromisoformat(trigger["start"])
    words = f"every {unit[:-1]}" if amount == 1 else f"every {amount} {unit}"
    if unit == "months":
        return f"{words}, at the beginning of the month{end}"
    if unit == "hours":
        return f"{words}, at minute {start.minute:02}{end}"
    if unit == "weeks":
        words += f", {_DAYS[start.weekday()].capitalize()}"
    return f"{words} at {start:%H:%M}{end}"


def _period(every: str) -> tuple[int, str]:
    text = _EVERY.get(every.strip().lower(), every.strip().lower())
    match = _AMOUNT.fullmatch(text)
    if match is None or match[1] == "0":
        raise PlanError(
            "--every",
            f"expected {', '.join(_EVERY)}, or a number with hours, days, weeks or months, e.g. 6h or '2 weeks'; "
            f"got {every!r}",
        )
    return int(match[1] or 1), _UNITS[match[2][0]]


def _moment(at: str, now: datetime) -> datetime:
    """The date and time, or the next such time of day."""
    found = _as_date(at)
    if found is not None:
        return found
    day, _, rest = at.strip().rpartition(" ")
    days = [number for number, name in enumerate(_DAYS) if len(day) >= _LEAST_OF_A_DAY and name.startswith(day.lower())]
    clock = _time(rest)
    if clock is None or (day and not days):
        raise PlanError(
            "--at",
            "expected a time of day, e.g. 02:00 or 02:00+02:00, after a day of the week if you like ('monday 02:00'), "
            f"or a date and time, e.g. 2026-01-31T08:00; got {at!r}",
        )
    local = now.astimezone(clock.tzinfo)
    moment = datetime.combine(local.date(), clock)
    if days:
        moment += timedelta(days=(days[0] - moment.weekday()) % 7)
    if moment <= now:
        moment += timedelta(days=7 if days else 1)
    return moment.astimezone(timezone.utc)


def _time(text: str) -> time | None:
    # What has no colon is rather a number, or a date, than a time.
    if ":" not in text:
        return None
    try:
        found = time.fromisoformat(re.sub("[zZ]$", "+00:00", text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)


def _date(text: str, option: str, further: str = "") -> datetime:
    found = _as_date(text)
    if found is None:
        expected = f"a date and time, e.g. 2026-01-31T08:00 (UTC) or with an offset {further}".rstrip()
        raise PlanError(option, f"expected {expected}; got {text!r}")
    return found


def _as_date(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text.strip()))
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _short(stamp: str) -> str:
    return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M}"
