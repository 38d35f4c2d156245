"""Variables of environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from connect_devops.services.page import Page, Refine

__all__ = ["Variable", "Variables"]


@dataclass(frozen=True)
class Variable:
    """A variable as people may see it: the value of a secured one is ``*****``."""

    id: str
    name: str
    value: str
    secure: bool
    created: datetime
    updated: datetime


class Variables:
    """Rules: ``reference/devops-api.md`` 4.3. Values of secured variables are encrypted at rest and never returned."""

    columns: Mapping[str, ColumnElement[Any]]

    def page(
        self, environment_id: str, *, refine: Refine | None = None, limit: int | None = None, offset: int = 0
    ) -> Page[Variable]:
        """Variables by name unless ``refine`` orders them; with the total."""
        raise NotImplementedError

    def get(self, environment_id: str, variable_id: str) -> Variable:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError

    def create(self, environment_id: str, *, name: str, value: str, secure: bool = False) -> Variable:
        """Raises ValidationError on a bad or taken name or a bad value."""
        raise NotImplementedError

    def update(
        self, environment_id: str, variable_id: str, *, value: str | None = None, secure: bool | None = None
    ) -> Variable:
        """Change the value or secure it; of a secured variable only the value may change.

        Raises:
            NotFoundError, ValidationError.
        """
        raise NotImplementedError

    def delete(self, environment_id: str, variable_id: str) -> None:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError
