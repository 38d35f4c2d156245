"""Dates as spreadsheets keep them: days since an epoch, the time of day as their fraction.

The 1900 system counts a 29 February 1900 that never was, so days before 1 March 1900 are off by one (ECMA-376 part 1,
18.17.4.1).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

__all__ = ["EPOCH_1900", "EPOCH_1904", "date_to_serial", "duration_from_serial", "from_serial", "time_to_serial"]

EPOCH_1900: Final = datetime(1899, 12, 30)
EPOCH_1904: Final = datetime(1904, 1, 1)
_DAY_MS: Final = 86_400_000
_FIRST_RIGHT_DAY: Final = 60


def from_serial(serial: float, epoch: datetime) -> datetime | time:
    """The moment of a number, to the millisecond; numbers below 1 are times of day.

    Raises:
        OverflowError: no calendar has such a day.
    """
    days = int(serial // 1)
    milliseconds = round((serial - days) * _DAY_MS)
    if days == 0 and milliseconds < _DAY_MS:
        return (datetime.min + timedelta(milliseconds=milliseconds)).time()
    if 0 < serial < _FIRST_RIGHT_DAY and epoch is EPOCH_1900:
        days += 1
    return epoch + timedelta(days=days, milliseconds=milliseconds)


def duration_from_serial(serial: float) -> timedelta:
    """The duration of a number of days, to the millisecond."""
    return timedelta(milliseconds=round(serial * _DAY_MS))


def date_to_serial(moment: date) -> float:
    """The number of a date, or of a moment (in UTC, if it knows its offset), in the 1900 system."""
    if isinstance(moment, datetime):
        if moment.tzinfo is not None:
            moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    else:
        moment = datetime(moment.year, moment.month, moment.day)
    since = moment - EPOCH_1900
    days = since.days if since.days > _FIRST_RIGHT_DAY else since.days - 1
    return days + (since.seconds + since.microseconds / 1_000_000) / 86_400


def time_to_serial(moment: time | timedelta) -> float:
    """The fraction of a day of a time of day, or the days of a duration."""
    if isinstance(moment, timedelta):
        return moment.total_seconds() / 86_400
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (seconds + moment.microsecond / 1_000_000) / 86_400
