"""How pydantic 1 wrote values as JSON that pydantic 2 writes in another way.

Pages and callers of an endpoint count on it: an amount that was a number must not become a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

__all__ = ["ENCODERS", "encoded", "merged"]


def _number(value: Decimal) -> int | float:
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)


ENCODERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    Decimal: _number,
    datetime: datetime.isoformat,
    timedelta: timedelta.total_seconds,
}
"""A number; an offset of ``+00:00`` instead of ``Z``; seconds."""


def merged(*encoders: Mapping[Any, Callable[[Any], Any]] | None) -> dict[Any, Callable[[Any], Any]]:
    """Return ours and these ``json_encoders`` together; later ones win, as those of a subclass did."""
    together: dict[Any, Callable[[Any], Any]] = dict(ENCODERS)
    for some in encoders:
        together.update(some or {})
    return together


def encoded(value: Any, encoders: Mapping[Any, Callable[[Any], Any]]) -> Any:
    """Return the value with all that encoders know in it encoded, as deep as dictionaries and sequences go."""
    if isinstance(value, Mapping):
        return {key: encoded(item, encoders) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encoded(item, encoders) for item in value]
    encode = next((encoders[kind] for kind in type(value).__mro__[:-1] if kind in encoders), None)
    return value if encode is None else encode(value)
