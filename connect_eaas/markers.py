"""Reading and writing the marks that decorators leave on methods and classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

__all__ = ["marked", "own_copy"]


def marked(cls: type, marker: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield ``(name, attribute, mark)`` of each attribute that carries ``marker``, inherited ones included.

    Sorted by name. The attribute is what stands in the class body, so static and class methods show as such. An
    attribute that is reachable by two names is given once, by the name of its function if that is one of the two.
    """
    found: dict[int, tuple[str, Any, Any]] = {}
    for name in sorted(dir(cls)):
        attribute = inspect.getattr_static(cls, name, None)
        function = attribute.__func__ if isinstance(attribute, (staticmethod, classmethod)) else attribute
        if isinstance(function, type) or not callable(function):
            continue
        mark = getattr(function, "__dict__", {}).get(marker)
        if mark is None and function is not attribute:
            # The decorator stood above @staticmethod or @classmethod.
            mark = getattr(attribute, "__dict__", {}).get(marker)
        if mark is None:
            continue
        if id(function) not in found or getattr(function, "__name__", None) == name:
            found[id(function)] = (name, attribute, mark)
    yield from sorted(found.values(), key=lambda item: item[0])


def own_copy(cls: type, marker: str) -> list[dict[str, Any]]:
    """Return a copy of the list of dicts that ``cls`` or a base holds under ``marker``; changing it changes nobody."""
    return [dict(item) for item in getattr(cls, marker, ())]
