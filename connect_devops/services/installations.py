"""Installations: accounts that use a multi-account or transformations extension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from connect_devops.domain.account import Account
from connect_devops.services.page import Page, Refine

__all__ = ["Installation", "Installations"]


@dataclass(frozen=True)
class Installation:
    """An installation of one environment by one account."""

    id: str
    environment_id: str
    extension_id: str
    owner: Account
    status: str
    settings: Any = field(repr=False)
    comment: str | None
    installed: datetime
    updated: datetime
    uninstalled: datetime | None


class Installations:
    """Rules: ``reference/devops-api.md`` 4.6."""

    columns: Mapping[str, ColumnElement[Any]]

    def install(self, environment_id: str, owner_id: str, *, settings: Any = None) -> Installation:
        """Install an environment for an account, with an API key of its own; an existing installation is returned.

        Raises:
            RuleError: the extension's type has no installations.
        """
        raise NotImplementedError

    def get(self, installation_id: str, *, extension_id: str | None = None) -> Installation:
        """Raises NotFoundError if there is none."""
        raise NotImplementedError

    def page(
        self,
        *,
        extension_id: str | None = None,
        owner_id: str | None = None,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Installation]:
        """Installations, oldest first unless ``refine`` orders them; with the total."""
        raise NotImplementedError

    def update_settings(self, installation_id: str, settings: Any) -> Installation:
        """Replace the settings (any JSON)."""
        raise NotImplementedError

    def uninstall(self, installation_id: str, comment: str | None = None) -> Installation:
        """End an installation; its key is void from now on."""
        raise NotImplementedError

    def api_key(self, installation_id: str) -> str:
        """The installation's key in clear, ``ApiKey SU-…`` (the impersonate action; tasks of the installation)."""
        raise NotImplementedError
