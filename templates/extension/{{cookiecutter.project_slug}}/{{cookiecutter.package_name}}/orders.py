{% from "events/catalogue.jinja" import used with context %}
{% if used.orders %}
"""Orders as the hub keeps them: what it needs of a request, without the rest."""

from __future__ import annotations

from typing import Any

Order = dict[str, Any]


def order_of(request: dict[str, Any]) -> Order:
    """Return the order that a request stands for.

    ``request`` is one of a subscription (its ``asset``) or of a tier configuration (its ``configuration``).

    Raises:
        ValueError: the request belongs to no hub.
    """
    subject = request.get("asset") or request.get("configuration") or {}
    hub = (subject.get("connection") or {}).get("hub") or {}
    if not hub.get("id"):
        raise ValueError(f"Request {request['id']} belongs to no hub.")
    tiers = request.get("tiers") or subject.get("tiers") or {}
    buyer = tiers.get("customer") or subject.get("account") or {}
    return {
        "id": request["id"],
        "hub": hub["id"],
        "type": request.get("type", ""),
        "status": request["status"],
        "buyer": buyer.get("external_id") or buyer.get("id", ""),
        "quantities": {
            item.get("mpn", item["id"]): str(item.get("quantity", "")) for item in subject.get("items") or []
        },
    }
{% endif %}
