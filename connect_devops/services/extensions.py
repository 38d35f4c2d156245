"""Extensions: make, change, delete, find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from connect_devops.domain.account import Account
from connect_devops.services.environments import Environment
from connect_devops.services.page import Page, Refine
from connect_eaas.events import ExtensionType

__all__ = ["Extension", "Extensions", "Reference"]


@dataclass(frozen=True)
class Reference:
    """Id and name of another object (a product, a hub)."""

    id: str
    name: str = ""


@dataclass(frozen=True)
class Extension:
    """An extension with its three environments (keys ``development``, ``test``, ``production``)."""

    id: str
    type: ExtensionType
    name: str
    description: str
    icon: str | None
    package_id: str | None
    products: tuple[Reference, ...]
    hub: Reference | None
    extension_id: str
    """``EXT-…``: its id in the authentication module."""
    owner: Account
    environments: Mapping[str, Environment]
    overview: str | None
    short_description: str | None
    website: str | None
    category: str | None
    created: datetime
    updated: datetime


class Extensions:
    """Extensions of the platform. An owner sees only their own where ``owner_id`` is given."""

    columns: Mapping[str, ColumnElement[Any]]
    """Columns by their REST names, for ``Refine``."""

    def create(
        self,
        owner_id: str,
        *,
        type: str,  # noqa: A002 - the field's name on the wire
        name: str,
        description: str | None = None,
        icon: str | None = None,
        package_id: str | None = None,
        products: Sequence[Reference] = (),
        hub: Reference | None = None,
        short_description: str | None = None,
        overview: str | None = None,
        website: str | None = None,
        category: str | None = None,
    ) -> Extension:
        """Make an extension and its three environments (uninitialized, local, each with id, UUID and JWT secret).

        Raises:
            ValidationError: a field breaks the rules of ``reference/devops-api.md`` 4.1 (type not offered to the
                account's role, a type's required field missing, a package id in use, lengths).
        """
        raise NotImplementedError

    def get(self, extension_id: str, *, owner_id: str | None = None) -> Extension:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError

    def page(
        self,
        *,
        owner_id: str | None = None,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Extension]:
        """Extensions, oldest first unless ``refine`` orders them; with the total."""
        raise NotImplementedError

    def update(self, extension_id: str, changes: Mapping[str, Any]) -> Extension:
        """Change name, description, icon, category, short_description, overview, website, products; others are ignored.

        Raises:
            NotFoundError, ValidationError.
        """
        raise NotImplementedError

    def add_product(self, extension_id: str, product: Reference) -> Extension:
        """Let the extension serve one more product; nothing happens if it does already."""
        raise NotImplementedError

    def delete(self, extension_id: str) -> None:
        """Delete the extension with all that belongs to it.

        Raises:
            RuleError: an environment is neither stopped, disconnected nor uninitialized.
        """
        raise NotImplementedError
