"""Values inside documents by their dotted paths, such as ``asset.params.0.value``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from connect_devops.domain.errors import ValidationError

__all__ = ["set_value", "text_at", "value_at"]

# No more digits than an index has: a number of any length cannot even be read.
_POSITION: Final = re.compile(r"[0-9]{1,9}")


def value_at(document: Any, path: str) -> Any:
    """The value at ``path``, or None where there is none."""
    for name in path.split("."):
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and _POSITION.fullmatch(name) and int(name) < len(document):
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
    """Set the value at ``path``: names joined by dots, none of them empty.

    Missing objects on the way are made. In a list a step is a position, or the ``id`` of an element:
    ``asset.params.seats.value`` is the value of the parameter ``seats``. Lists do not grow.

    Raises:
        ValidationError: a name is empty, the path leads into a text or a number, or to an element that its list does
            not have. The document is as it was then.
    """
    steps = path.split(".")
    if "" in steps:
        raise ValidationError.of(
            path or "set", "A path is names joined by single dots, such as asset.params.seats.value; a name is empty."
        )
    current: Any = document
    for depth, step in enumerate(steps[:-1]):
        if isinstance(current, dict) and current.get(step) is None:
            _make(current, step, steps[depth + 1 :], path, value)
            return
        current = _container(current, ".".join(steps[:depth]), path)[_key(current, steps, depth)]
    current = _container(current, ".".join(steps[:-1]), path)
    current[_key(current, steps, len(steps) - 1)] = value


def _make(current: dict[str, Any], name: str, further: list[str], path: str, value: Any) -> None:
    """Make the objects that the rest of the path leads through."""
    if _POSITION.fullmatch(further[0]):
        raise ValidationError.of(path, f"There is no list '{name}', so it has no element {further[0]}.")
    for step in reversed(further):
        value = {step: value}
    current[name] = value


def _container(value: Any, so_far: str, path: str) -> Any:
    if isinstance(value, (dict, list)):
        return value
    kind = {bool: "true or false", str: "a text", type(None): "empty"}.get(type(value), "a number")
    raise ValidationError.of(path, f"'{so_far}' is {kind}; there is nothing inside of it.")


def _key(container: Any, steps: list[str], depth: int) -> str | int:
    step = steps[depth]
    if isinstance(container, dict):
        return step
    for position, item in enumerate(container):
        if isinstance(item, dict) and item.get("id") == step:
            return position
    if _POSITION.fullmatch(step) and int(step) < len(container):
        return int(step)
    ids = [str(item["id"]) for item in container if isinstance(item, dict) and "id" in item]
    if not container:
        there = "the list is empty"
    elif ids:
        there = f"there are: {', '.join(ids)}"
    else:
        there = f"there are: 0 to {len(container) - 1}"
    so_far = ".".join(steps[:depth])
    raise ValidationError.of(
        ".".join(steps), f"There is no element '{step}' ({there}). To have others, set the whole list: {so_far}=[...]."
    )
