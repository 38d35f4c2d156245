"""Parameters of requests: changing their values as the API allows it."""

from __future__ import annotations

from typing import Any, Final

from connect_devops.domain.errors import ValidationError

__all__ = ["CHANGEABLE", "merge", "take_errors"]

CHANGEABLE: Final = ("value", "structured_value", "value_error", "structured_error")
"""What a client may change of a parameter (``reference/devops-api.md`` section 6, remark 3)."""


def merge(params: list[dict[str, Any]], changes: list[dict[str, Any]], *, path: str) -> bool:
    """Change values of ``params`` in place; tells whether something is different now.

    Raises:
        ValidationError: a parameter is not there, or a value is of the wrong type.
    """
    by_id = {str(param.get("id")): param for param in params}
    errors: list[tuple[str, str]] = []
    changed = False
    for position, change in enumerate(changes):
        where = f"{path}[{position}]"
        param = by_id.get(change["id"])
        if param is None:
            known = ", ".join(sorted(str(name) for name in by_id)) or "none"
            errors.append((f"{where}.id", f"There is no parameter '{change['id']}' (there are: {known})."))
            continue
        for name in CHANGEABLE:
            if name not in change:
                continue
            value = change[name]
            if name in ("value", "value_error") and not isinstance(value, (str, type(None))):
                errors.append((f"{where}.{name}", "This field must be a text."))
                continue
            if param.get(name) != value:
                param[name] = value
                changed = True
    if errors:
        raise ValidationError(errors)
    return changed


def take_errors(params: list[dict[str, Any]], answered: Any) -> bool:
    """Take over values and errors that a validation answered; what is malformed is passed over.

    A validation without complaints clears the errors of an earlier one, so every parameter of the answer counts.
    """
    if not isinstance(answered, list):
        return False
    by_id = {str(param.get("id")): param for param in params}
    changed = False
    for answer in answered:
        if not isinstance(answer, dict) or (param := by_id.get(str(answer.get("id")))) is None:
            continue
        for name in CHANGEABLE:
            if name in answer and param.get(name) != answer[name]:
                param[name] = answer[name]
                changed = True
    return changed
