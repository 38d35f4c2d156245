"""Products and hubs that an extension may be made for; the platform's business objects provide them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Choices", "NoChoices"]


class Choices(Protocol):
    """What the business side of the platform offers to extensions."""

    def products(self) -> Sequence[Mapping[str, Any]]:
        """Products, each with ``id``, ``name`` and ``icon``."""

    def hubs(self) -> Sequence[Mapping[str, Any]]:
        """Hubs, each with ``id`` and ``name``."""


class NoChoices:
    """A platform without business objects."""

    def products(self) -> Sequence[Mapping[str, Any]]:
        """No products."""
        return ()

    def hubs(self) -> Sequence[Mapping[str, Any]]:
        """No hubs."""
        return ()
