{% from "events/catalogue.jinja" import used with context %}
{% if used.purchase or used.validation %}
"""Reading and checking the parameters of requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Parameter = dict[str, Any]

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
{% if used.purchase %}


def value_of(parameters: Iterable[Parameter], parameter_id: str) -> str:
    """Return the value of a parameter as text; empty when it has no value or is not among ``parameters``."""
    return next((str(item.get("value") or "") for item in parameters if item["id"] == parameter_id), "")
{% endif %}


def error_of(parameter: Parameter) -> str:
    """Return what is wrong with the value of one parameter; empty when nothing is."""
    value = parameter.get("value")
    if not value:
        required = (parameter.get("constraints") or {}).get("required")
        return "A value is needed." if required else ""
    if parameter.get("type") == "email" and not EMAIL.fullmatch(str(value)):
        return "This is not an e-mail address."
    return ""


def errors_of(parameters: Iterable[Parameter]) -> dict[str, str]:
    """Return the faulty parameters among those that the customer fills in (phase ``ordering``), with what is wrong."""
    ordering = (item for item in parameters if item.get("phase") == "ordering")
    return {item["id"]: error for item in ordering if (error := error_of(item))}
{% if used.validation %}


def mark_errors(parameters: Iterable[Parameter]) -> None:
    """Write into each ordering parameter's ``value_error`` what is wrong with it, or that nothing is."""
    parameters = list(parameters)
    errors = errors_of(parameters)
    for item in parameters:
        if item.get("phase") == "ordering":
            item["value_error"] = errors.get(item["id"], "")
{% endif %}
{% endif %}
