"""Reads values out of the bodies that clients send; what is wrong is named by its field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from connect_devops.domain.errors import ValidationError

__all__ = ["moment", "objects_in", "reference_id", "require_object", "text"]


def text(body: Mapping[str, Any], field: str, *, required: bool = False, at_most: int | None = None) -> str | None:
    """The text under ``field``, or None.

    Raises:
        ValidationError: it is no text, too long, or missing though required.
    """
    value = body.get(field)
    if value is None or value == "":
        if required:
            raise ValidationError.of(field, "This field is required.")
        return None
    if not isinstance(value, str):
        raise ValidationError.of(field, "This field must be a text.")
    if at_most is not None and len(value) > at_most:
        raise ValidationError.of(field, f"This field has at most {at_most} characters.")
    return value


def require_object(body: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The object under ``field``.

    Raises:
        ValidationError: it is missing or no object.
    """
    value = body.get(field)
    if not isinstance(value, dict):
        raise ValidationError.of(field, "This field is required and must be an object.")
    return value


def objects_in(body: Mapping[str, Any], field: str, *, path: str | None = None) -> list[dict[str, Any]]:
    """The list of objects under ``field``; empty if it is missing.

    Raises:
        ValidationError: it is no list of objects with an ``id`` each.
    """
    where = path or field
    value = body.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValidationError.of(where, "This field must be a list.")
    for position, item in enumerate(value):
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise ValidationError.of(f"{where}[{position}].id", "This field is required.")
    return value


def reference_id(body: Mapping[str, Any], field: str, *, path: str | None = None) -> str | None:
    """The id of the object referred to under ``field`` (``{"id": …}``), or None."""
    value = body.get(field)
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not value["id"]:
        raise ValidationError.of(f"{path or field}.id", "This field is required.")
    return str(value["id"])


def moment(body: Mapping[str, Any], field: str, *, required: bool = False) -> str | None:
    """The ISO time under ``field`` with an offset (UTC where it names none), or None.

    Raises:
        ValidationError: it is no ISO time, or missing though required.
    """
    value = text(body, field, required=required)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value)
    except ValueError:
        raise ValidationError.of(field, f"'{value[:40]}' is not a date and time in ISO 8601.") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).isoformat()
