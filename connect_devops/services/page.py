"""A page of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Select

__all__ = ["Page", "Refine"]

Item = TypeVar("Item")

Refine: TypeAlias = Callable[[Select[Any]], Select[Any]]
"""Adds conditions and an order to a list's select; the columns to use are the service's ``columns``."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items of a list. ``total`` counts the whole list, or is None where nobody asked for it."""

    items: Sequence[Item]
    total: int | None = None
