"""Products and hubs that a new extension may be made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect_devops.sandbox import kinds
from connect_devops.sandbox.samples.scene import short
from connect_devops.sandbox.world import World

__all__ = ["SandboxChoices"]


@dataclass(frozen=True)
class SandboxChoices:
    """What ``/devops/products`` and ``/devops/hubs`` offer."""

    world: World

    def products(self) -> Sequence[Mapping[str, Any]]:
        """Products, each with ``id``, ``name`` and ``icon``."""
        return [short(product) for product in self.world.objects.all(kinds.PRODUCTS.collection)]

    def hubs(self) -> Sequence[Mapping[str, Any]]:
        """Hubs, each with ``id`` and ``name``."""
        return [short(hub, "id", "name") for hub in self.world.objects.all(kinds.HUBS.collection)]
