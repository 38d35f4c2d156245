"""Values inside documents by their dotted paths, such as ``asset.params.0.value``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connect_devops.domain.errors import ValidationError

__all__ = ["set_value", "text_at", "value_at"]


def value_at(document: Any, path: str) -> Any:
    """The value at ``path``, or None where there is none."""
    for name in path.split("."):
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def text_at(document: Any, paths: str | Iterable[str]) -> str | None:
    """The first non-empty text at one of the ``paths``."""
    for path in (paths,) if isinstance(paths, str) else paths:
        value = value_at(document, path)
        if isinstance(value, str) and value:
            return value
    return None


def set_value(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at ``path``.

    Missing objects on the way are made. In a list a step is a position, or the ``id`` of an element:
    ``asset.params.seats.value`` is the value of the parameter ``seats``.

    Raises:
        ValidationError: the path leads through a text or a number, or to an element that the list does not have.
    """
    *way, last = path.split(".")
    current: Any = document
    for depth, name in enumerate(way):
        current = _step(current, name, path, ".".join(way[: depth + 1]))
    if isinstance(current, dict):
        current[last] = value
    elif isinstance(current, list):
        current[_position(current, last, path)] = value
    else:
        raise ValidationError.of(path, f"{'.'.join(way) or 'the object'} is neither an object nor a list.")


def _step(current: Any, name: str, path: str, so_far: str) -> Any:
    if isinstance(current, dict):
        if current.get(name) is None:
            current[name] = {}
        return current[name]
    if isinstance(current, list):
        return current[_position(current, name, path)]
    raise ValidationError.of(path, f"{so_far} is not inside an object or a list.")


def _position(items: list[Any], name: str, path: str) -> int:
    for position, item in enumerate(items):
        if isinstance(item, dict) and item.get("id") == name:
            return position
    if name.isdigit() and int(name) < len(items):
        return int(name)
    known = ", ".join(str(item.get("id")) for item in items if isinstance(item, dict)) or f"{len(items)} elements"
    raise ValidationError.of(path, f"there is no element '{name}' (there are: {known}).")
