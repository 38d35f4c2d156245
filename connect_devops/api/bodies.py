"""Reading fields out of request bodies: the right type or a 400 that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect_devops.domain.errors import ValidationError

__all__ = ["boolean", "identifier", "mapping", "optional_text", "text"]


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a text that must be there.

    Raises:
        ValidationError: it is missing, or something else.
    """
    value = optional_text(body, name)
    if value is None:
        raise ValidationError.of(name, "This field is required.")
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text, or None if it is absent or null.

    Raises:
        ValidationError: it is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ValidationError.of(name, "Expected a text.")
    return value


def boolean(body: Mapping[str, Any], name: str) -> bool | None:
    """Return a boolean, or None if it is absent or null.

    Raises:
        ValidationError: it is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValidationError.of(name, "Expected true or false.")
    return value


def mapping(body: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return an object, or None if it is absent or null.

    Raises:
        ValidationError: it is something else.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValidationError.of(name, "Expected an object.")
    return value


def identifier(value: object, name: str) -> str:
    """Return the id of a reference such as ``{"id": "PRD-000-000-000"}``.

    Raises:
        ValidationError: it has none.
    """
    found = value.get("id") if isinstance(value, dict) else None
    if not isinstance(found, str) or not found:
        raise ValidationError.of(name, 'Expected an object with an id, {"id": "…"}.')
    return found
