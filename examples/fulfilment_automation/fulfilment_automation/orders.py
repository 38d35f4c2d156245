"""What an order says, read from the request that Connect sends. Nothing here calls anybody."""

from __future__ import annotations

import re
from typing import Any

ConnectObject = dict[str, Any]
"""An object of the Connect API, as it came in JSON."""

ACTIVATION = "activation_status"
"""Fulfillment parameter with the progress of the service: empty, ``pending``, ``ready`` or ``failed``."""
SUBSCRIPTION = "subscription_id"
ADDRESS = "activation_url"
EMAIL = "admin_email"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def parameter(request: ConnectObject, name: str) -> str:
    """Return the value of one parameter of the asset; empty when it has none."""
    for item in request["asset"].get("params", []):
        if item["id"] == name:
            return str(item.get("value") or "")
    return ""


def ordered_quantity(request: ConnectObject) -> int:
    """Return how many pieces are ordered in all; items billed by use count for nothing."""
    quantities = [str(item.get("quantity", "0")) for item in request["asset"].get("items", [])]
    return sum(int(quantity) for quantity in quantities if quantity.isdigit())


def mistakes(request: ConnectObject) -> dict[str, str]:
    """Return what the customer has to correct: parameter and what is wrong with it."""
    email = parameter(request, EMAIL)
    if not email:
        return {EMAIL: "Tell us the administrator's e-mail address."}
    if not _EMAIL.fullmatch(email):
        return {EMAIL: "This is not an e-mail address."}
    return {}
