{% from "answers.jinja" import imports, installed, package, type, with_tfn, with_web with context %}
{% if with_web and type == 'transformations' %}
{% include "transformations/schemas.jinja" %}
{% elif with_web %}
"""What the endpoints {{ 'take and ' if installed }}answer, as it is in JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from pydantic import BaseModel{{ ', ConfigDict' if installed }}
{% if installed %}

{{ imports(package ~ '.settings', ['Settings']) | trim }}
{% endif %}


class Marketplace(BaseModel):
    """A marketplace."""

    id: str
    name: str
    description: str = ""
    icon: str | None = None
    """Address of its picture; None if it has none."""

    @classmethod
    def of(cls, marketplace: dict[str, Any], endpoint: str) -> Marketplace:
        """Take over what the API answered.

        Args:
            marketplace: an object of the API, or a reference to one.
            endpoint: root of the API; addresses of pictures are relative to its host.
        """
        icon = marketplace.get("icon")
        return cls(
            id=marketplace["id"],
            name=marketplace["name"],
            description=marketplace.get("description") or "",
            icon=urljoin(endpoint, icon) if icon else None,
        )


class Bar(BaseModel):
    """One bar of the chart."""

    marketplace: Marketplace
    subscriptions: int
{% if installed %}


class ChangedSettings(Settings):
    """Settings as somebody sends them: all of them, and nothing else."""

    model_config = ConfigDict(extra="forbid")

    marketplaces: list[str]
{% else %}


class Subscription(BaseModel):
    """A subscription, as far as a hub shows it."""

    id: str
    external_id: str = ""
    product: str
    customer: str = ""

    @classmethod
    def of(cls, asset: dict[str, Any]) -> Subscription:
        """Take over what the API answered; what it left out stays empty."""
        customer = (asset.get("tiers") or {}).get("customer") or {}
        return cls(
            id=asset["id"],
            external_id=asset.get("external_id") or "",
            product=asset["product"]["name"],
            customer=customer.get("name") or "",
        )
{% endif %}
{% endif %}
