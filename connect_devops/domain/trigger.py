"""When a schedule fires. Facts: ``reference/devops-api.md`` 4.4. All times are UTC.

* ``onetime``: once, at ``date``.
* ``recurring``: at ``start`` and then every ``amount`` hours, days or weeks; with months at the beginning (the first
  day, 00:00) of every ``amount``-th month, the first one that does not lie before ``start``.
* ``advanced``: a cron expression of five fields, of six (seconds first, or the year last if the sixth field can only
  be one) or of seven (both), not before ``start``.

None fires after ``end``. A time without offset is read as UTC, for that is what extensions send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Literal, TypeAlias

from cronsim import CronSim, CronSimError

from connect_devops.domain.errors import ValidationError

__all__ = ["Advanced", "OneTime", "Recurring", "Trigger", "parse_trigger"]

Unit = Literal["hours", "days", "weeks", "months"]
_UNITS: Final = ("hours", "days", "weeks", "months")
_MAX_AMOUNT: Final = 10_000
_MAX_EXPRESSION: Final = 30
_YEARS: Final = range(1970, 2100)
_YEAR_PART: Final = re.compile(r"(\*|\d{4})(?:-(\d{4}))?(?:/(\d{1,3}))?")
_LAST: Final = datetime(9999, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class OneTime:
    """Fires once, at ``date``."""

    date: datetime

    @property
    def begins(self) -> datetime | None:
        """Before this moment the schedule is pending; None if it never is."""
        return None

    def next_after(self, now: datetime, last: datetime | None) -> datetime | None:
        """The moment of the next firing, which may lie in the past if it was missed; None if there is none.

        Args:
            now: only later moments count for repeated triggers.
            last: when the schedule fired last, if it did since the trigger was set.
        """
        return None if last is not None and last >= self.date else self.date

    def as_json(self) -> dict[str, Any]:
        """The trigger in the form of the REST API."""
        return {"type": "onetime", "date": self.date.isoformat()}


@dataclass(frozen=True)
class Recurring:
    """Fires every ``amount`` ``unit``\\ s."""

    unit: Unit
    amount: int
    start: datetime
    end: datetime | None = None

    @property
    def begins(self) -> datetime | None:
        """As in ``OneTime``."""
        return self.start

    def next_after(self, now: datetime, last: datetime | None) -> datetime | None:
        """As in ``OneTime``."""
        try:
            moment = self._months_after(now) if self.unit == "months" else self._steps_after(now)
        except OverflowError:
            return None
        return None if self.end is not None and moment > self.end else moment

    def as_json(self) -> dict[str, Any]:
        """As in ``OneTime``."""
        body: dict[str, Any] = {
            "type": "recurring",
            "unit": self.unit,
            "amount": self.amount,
            "start": self.start.isoformat(),
        }
        return body if self.end is None else {**body, "end": self.end.isoformat()}

    def _steps_after(self, now: datetime) -> datetime:
        if now < self.start:
            return self.start
        step = timedelta(**{self.unit: self.amount})
        return self.start + ((now - self.start) // step + 1) * step

    def _months_after(self, now: datetime) -> datetime:
        first = self.start.year * 12 + self.start.month - 1
        if self.start > _month(first):
            first += 1
        passed = now.year * 12 + now.month - 1 - first
        steps = max(0, passed // self.amount)
        moment = _month(first + steps * self.amount)
        return moment if moment > now else _month(first + (steps + 1) * self.amount)


@dataclass(frozen=True)
class Advanced:
    """Fires when a cron expression matches."""

    cron_expression: str
    start: datetime | None = None
    end: datetime | None = None

    @property
    def begins(self) -> datetime | None:
        """As in ``OneTime``."""
        return self.start

    def next_after(self, now: datetime, last: datetime | None) -> datetime | None:
        """As in ``OneTime``."""
        fields, years = _cron(self.cron_expression)
        after = now if self.start is None else max(now, self.start - timedelta(microseconds=1))
        # The first look may begin at a year that does not match; each further one begins with a year that does.
        while after < _LAST:
            if years is not None and after.year not in years:
                later = [year for year in years if year > after.year]
                if not later:
                    return None
                after = datetime(min(later), 1, 1, tzinfo=timezone.utc) - timedelta(microseconds=1)
            moment = next(CronSim(fields, after), None)
            if moment is None or (self.end is not None and moment > self.end):
                return None
            if years is None or moment.year in years:
                return moment
            after = moment
        return None

    def as_json(self) -> dict[str, Any]:
        """As in ``OneTime``."""
        body: dict[str, Any] = {"type": "advanced", "cron_expression": self.cron_expression}
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment is not None:
                body[name] = moment.isoformat()
        return body


Trigger: TypeAlias = OneTime | Recurring | Advanced


def parse_trigger(body: object) -> Trigger:
    """Read a trigger in the form of the REST API.

    Raises:
        ValidationError: with the field's path (``trigger.unit``) for everything that is wrong.
    """
    if not isinstance(body, Mapping):
        raise ValidationError.of("trigger", "This must be an object with type, and what belongs to the type.")
    kind = body.get("type")
    errors: list[tuple[str, str]] = []
    start = _moment(body, "start", errors)
    end = _moment(body, "end", errors)
    if start is not None and end is not None and end < start:
        errors.append(("trigger.end", "The end lies before the start."))
    trigger: Trigger | None = None
    if kind == "onetime":
        date = _moment(body, "date", errors, required=True)
        trigger = None if date is None else OneTime(date)
    elif kind == "recurring":
        unit, amount = body.get("unit"), body.get("amount")
        if unit not in _UNITS:
            errors.append(("trigger.unit", f"{unit!r} is none of {', '.join(_UNITS)}."))
        if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= _MAX_AMOUNT:
            errors.append(("trigger.amount", f"This must be a whole number from 1 to {_MAX_AMOUNT}."))
        if start is None and body.get("start") is None:
            errors.append(("trigger.start", "This field may not be empty."))
        if not errors and start is not None:
            trigger = Recurring(unit, amount, start, end)  # type: ignore[arg-type]  # both were checked
    elif kind == "advanced":
        expression = body.get("cron_expression")
        if not isinstance(expression, str) or not expression.strip():
            errors.append(("trigger.cron_expression", "This field may not be empty."))
        elif len(expression) > _MAX_EXPRESSION:
            errors.append(("trigger.cron_expression", f"This text may have at most {_MAX_EXPRESSION} characters."))
        else:
            try:
                _cron(expression)
            except ValueError as error:
                errors.append(("trigger.cron_expression", str(error)))
            else:
                trigger = Advanced(expression.strip(), start, end)
    else:
        errors.append(("trigger.type", f"{kind!r} is none of onetime, recurring, advanced."))
    if errors or trigger is None:
        raise ValidationError(errors)
    return trigger


def _moment(
    body: Mapping[str, Any], name: str, errors: list[tuple[str, str]], *, required: bool = False
) -> datetime | None:
    value = body.get(name)
    if value is None:
        if required:
            errors.append((f"trigger.{name}", "This field may not be empty."))
        return None
    try:
        # Python 3.10 does not know the letter.
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", value.strip()))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, TypeError, AttributeError, OverflowError):
        errors.append((f"trigger.{name}", f"{value!r} is no date and time such as 2026-01-31T08:00:00+00:00."))
        return None


def _month(number: int) -> datetime:
    try:
        return datetime(number // 12, number % 12 + 1, 1, tzinfo=timezone.utc)
    except ValueError:
        raise OverflowError from None


def _cron(expression: str) -> tuple[str, frozenset[int] | None]:
    """The fields that cronsim understands, and the years, or None for all.

    Raises:
        ValueError: the expression is wrong; the text says how.
    """
    # The question mark of some dialects («no particular day») means the same as the star.
    parts = ["*" if part == "?" else part for part in expression.split()]
    years: frozenset[int] | None = None
    if len(parts) == 7 or (len(parts) == 6 and re.search(r"\d{4}", parts[5])):
        years = _year_set(parts.pop())
    if len(parts) not in (5, 6):
        raise ValueError(f"A cron expression has five, six or seven fields; this one has {len(expression.split())}.")
    fields = " ".join(parts)
    try:
        moment = next(CronSim(fields, datetime(2000, 1, 1, tzinfo=timezone.utc)), None)
    except CronSimError as error:
        raise ValueError(f"{error} in the cron expression {expression!r}.") from None
    if moment is None:
        raise ValueError(f"The cron expression {expression!r} never matches.")
    return fields, years


def _year_set(text: str) -> frozenset[int] | None:
    if text == "*":
        return None
    years: set[int] = set()
    for part in text.split(","):
        match = _YEAR_PART.fullmatch(part)
        if match is None or (match[1] == "*" and match[2]) or match[3] in ("0", "00", "000"):
            raise ValueError(f"Bad year {text!r} in the cron expression.")
        first = _YEARS.start if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else first if match[1] != "*" and not match[3] else _YEARS.stop - 1
        years.update(range(first, last + 1, int(match[3] or 1)))
    if not years:
        raise ValueError(f"No year matches {text!r} in the cron expression.")
    return frozenset(years)
