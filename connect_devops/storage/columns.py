"""Column types that mean the same in SQLite and in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

from sqlalchemy import BigInteger, Dialect, Integer, Text, TypeDecorator

__all__ = ["Instant", "Json", "Number", "Row"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND: Final = timedelta(microseconds=1)

Row: TypeAlias = Mapping[Any, Any]
"""A row of a result, read by the names of its columns."""

Number = BigInteger().with_variant(Integer, "sqlite")
"""A growing key. SQLite counts rows by itself only in a column called INTEGER."""


class Instant(TypeDecorator[datetime]):
    """A moment: an aware datetime outside, microseconds since 1970 inside. Small, exact, and ordered everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Raises ValueError for a datetime without offset: nobody could say which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset from UTC.")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value as text, returned exactly as it was given: order of keys, and characters no column takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
