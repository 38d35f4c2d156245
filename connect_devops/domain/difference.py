"""What differs between two states of a document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Change", "differences"]


@dataclass(frozen=True)
class Change:
    """A value that differs; ``was`` or ``now`` is None where there is none, as in the API.

    ``path`` is names joined by dots; in a list a name is the element's ``id``, else its position, as in ``set`` of
    ``POST /devops/local/trigger``.
    """

    path: str
    was: Any
    now: Any


def differences(
    was: Mapping[str, Any], now: Mapping[str, Any], *, leave_out: Collection[str] = ()
) -> tuple[Change, ...]:
    """Return what differs, in the order of ``was``, then of what is new.

    Args:
        was: the document before.
        now: the document after.
        leave_out: names at the top that do not count.
    """

    def counting(document: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in document.items() if name not in leave_out}

    return tuple(_between("", counting(was), counting(now)))


def _between(path: str, was: Any, now: Any) -> Iterator[Change]:
    if was == now:
        return
    before, after = _parts(was), _parts(now)
    if before is None or after is None:
        yield Change(path, was, now)
        return
    for name in dict.fromkeys([*before, *after]):
        yield from _between(f"{path}.{name}" if path else name, before.get(name), after.get(name))


def _parts(value: Any) -> Mapping[str, Any] | None:
    """What a value consists of; None if it is one thing."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        return None
    ids = [str(item["id"]) for item in value if item.get("id")]
    if len(set(ids)) == len(value):
        return dict(zip(ids, value, strict=True))
    return {str(position): item for position, item in enumerate(value)}
