{% from "answers.jinja" import anvil_class, with_anvil, installed with context %}
{% from "events/catalogue.jinja" import examples, variables_decorator with context %}
{% if with_anvil %}
"""What an Anvil app can ask this extension.

Each method marked with ``@anvil_callable`` can be called from the app by its name and with keyword arguments:
``anvil.server.call("waiting_requests", limit=10)``. Anvil carries plain data only: texts, numbers, lists and dicts. The
methods are no coroutines, as Anvil's server calls plain functions.
"""

from __future__ import annotations

from typing import Any

from connect_eaas import AnvilApplicationBase, anvil_callable, anvil_key_variable{{ ', variables' if examples }}

MOST = 100
"""So many rows are sent at once, at most."""


@anvil_key_variable("ANVIL_API_KEY")
{{ variables_decorator(examples) -}}
class {{ anvil_class }}(AnvilApplicationBase):
    """The methods that an Anvil app calls; one instance serves all calls.

    ``self.client`` is the client of the Connect API, ``self.config`` the variables, ``self.logger`` the log.
    """

    @anvil_callable(summary="Requests that wait", description="The oldest requests that wait for an answer.")
    def waiting_requests(self, limit: int = 25) -> list[dict[str, str]]:
        """Return the oldest pending requests: what each is about, and since when it waits.

        Raises:
            ValueError: ``limit`` is not a number from 1 to 100. The app gets it as an exception.
        """
        if not 1 <= limit <= MOST:
            raise ValueError(f"limit must be a number from 1 to {MOST}, not {limit!r}")
        waiting = self.client.requests.filter(status="pending").order_by("created")
        return [row_of(request) for request in waiting[0:limit]]

    @anvil_callable(summary="Status of a subscription")
    def subscription(self, subscription_id: str) -> dict[str, Any]:
        """Return status, product and items of a subscription (AS-…)."""
        asset = self.client.assets[subscription_id].get()
        return {
            "id": asset["id"],
            "status": asset["status"],
            "product": asset["product"].get("name", asset["product"]["id"]),
            "items": {item.get("mpn", item["id"]): str(item.get("quantity", "")) for item in asset.get("items", [])},
        }


def row_of(request: dict[str, Any]) -> dict[str, str]:
    """Return the facts of a request that the app shows in its list."""
    asset = request["asset"]
    customer = (asset.get("tiers") or {}).get("customer") or {}
    return {
        "id": request["id"],
        "type": request["type"],
        "product": asset["product"].get("name", asset["product"]["id"]),
        "customer": customer.get("name", ""),
        "waiting_since": request.get("created", ""),
    }
{% endif %}
