"""Changes that somebody wants of a sample: values by dotted paths, and parameters that the product does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox.paths import set_value, value_at

__all__ = ["apply_changes"]

_PARAMETER_ID: Final = re.compile(r"[A-Za-z_][\w-]*")


def apply_changes(document: dict[str, Any], changes: Mapping[str, Any], *, only_known: str = "") -> list[str]:
    """Set values in ``document``, in the order of ``changes``.

    A parameter that a list of parameters does not have is added to it: ``asset.params.seats.value`` makes ``seats``.
    A number or a truth value becomes a text where it is the value of a parameter, as the API has it.

    Args:
        document: is changed; as it is after an error, it is of no use.
        changes: values by dotted paths.
        only_known: what the document is called where fields that it does not have are refused; empty if they are
            made.

    Returns:
        what was made that was not there, a sentence each.

    Raises:
        ValidationError: a path leads nowhere; it is named.
    """
    notes: list[str] = []
    for path, value in changes.items():
        first = path.partition(".")[0]
        if first and first not in document:
            if only_known:
                raise ValidationError.of(
                    path, f"There is no field '{first}' in {only_known} (there are: {', '.join(document)})."
                )
            notes.append(f"The object has no field '{first}' by itself; it was added.")
        steps = path.split(".")
        position = _parameters_in(document, steps)
        if position is not None:
            value, added = _into_parameters(document, steps, position, value)
            if added:
                where = ".".join(steps[:position])
                notes.append(f"{where} had no parameter '{steps[position]}'; it was added to this object alone.")
        set_value(document, path, value)
    return notes


def _parameters_in(document: dict[str, Any], steps: list[str]) -> int | None:
    """The step that names a parameter, if the path leads through a list of them."""
    for position in range(1, len(steps)):
        if steps[position - 1] == "params" and isinstance(value_at(document, ".".join(steps[:position])), list):
            return position
    return None


def _into_parameters(document: dict[str, Any], steps: list[str], position: int, value: Any) -> tuple[Any, bool]:
    """Make the parameter that is named if there is none; returns the value as a parameter has it."""
    path, name = ".".join(steps), steps[position]
    params: list[Any] = value_at(document, ".".join(steps[:position]))
    if steps[position + 1 :] == ["value"] and isinstance(value, (bool, int, float)):
        value = json.dumps(value)
    if len(steps) == position + 1 and not isinstance(value, dict):
        raise ValidationError.of(path, f"A parameter is an object; its value is {path}.value.")
    if not _PARAMETER_ID.fullmatch(name) or any(isinstance(one, dict) and one.get("id") == name for one in params):
        return value, False
    made = _parameter(name, [one for one in params if isinstance(one, dict)])
    params.append(made)
    return ({**made, **value, "id": name} if len(steps) == position + 1 else value), True


def _parameter(name: str, siblings: list[dict[str, Any]]) -> dict[str, Any]:
    """A text parameter with all that the others of its list have."""
    phases = {str(one.get("phase")) for one in siblings}
    title = name.replace("_", " ").replace("-", " ").strip().capitalize()
    made: dict[str, Any] = {
        "id": name,
        "name": name,
        "title": title,
        "description": title,
        "type": "text",
        "phase": "configuration" if phases == {"configuration"} else "ordering",
        "scope": siblings[0].get("scope", "asset") if siblings else "asset",
        "hint": "",
        "placeholder": "",
        "value": "",
        "value_error": "",
        "value_choices": [],
        "constraints": {"required": False, "hidden": False, "unique": False, "reconciliation": False},
        "reconciliation": False,
    }
    always = ("id", "title", "type", "phase", "value", "constraints")
    return {key: value for key, value in made.items() if not siblings or key in siblings[0] or key in always}
