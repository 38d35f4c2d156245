"""Environments: settings, sessions, what their runners declared, and the configuration that runners get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement

from connect_devops.services.page import Page, Refine
from connect_eaas.protocol.messages import SetupRequest, SetupResponse

__all__ = ["APPLICATIONS", "Application", "Declared", "Environment", "Environments", "Features", "Git", "Session"]

Application: TypeAlias = Literal["events", "webapp", "anvilapp", "tfnapp"]
"""Which application of an extension a session serves; both events sessions are ``events``."""
APPLICATIONS: tuple[Application, ...] = ("events", "webapp", "anvilapp", "tfnapp")


@dataclass(frozen=True)
class Git:
    """Where the code of an environment in Cloud mode comes from. The password is kept encrypted and never returned."""

    url: str
    tag: str | None = None
    commit: str | None = None
    username: str | None = None
    has_password: bool = False


@dataclass(frozen=True)
class Features:
    """Which doors of the extension exist, from what its runners declared."""

    event_processing_available: bool = False
    custom_api_available: bool = False
    web_app_available: bool = False
    anvil_app_available: bool = False
    transformation_app_available: bool = False


@dataclass(frozen=True)
class Declared:
    """What the runners of an environment said about it, merged over their applications."""

    event_subscriptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    schedulables: tuple[Mapping[str, str], ...] = ()
    ui_modules: Mapping[str, Any] = field(default_factory=dict)
    icon: str | None = None
    proxied_connect_api: tuple[str, ...] | Mapping[str, str] | None = None
    anvil_callables: tuple[Mapping[str, Any], ...] = ()
    transformations: tuple[Mapping[str, Any], ...] = ()
    audience: tuple[str, ...] | None = None
    readme_url: str | None = None
    changelog_url: str | None = None
    runner_version: str | None = None


@dataclass(frozen=True)
class Environment:
    """One of the three environments of an extension."""

    id: str
    type: str
    external_id: str
    extension_id: str
    extension_name: str
    extension_type: str
    owner_id: str
    status: str
    runtime: str
    jwt_secret: str = field(repr=False)
    git: Git | None
    log_level: str
    runner_log_level: str
    error_output: str | None
    hostname: str
    domain: str
    configuration_changed: bool
    declared: Declared
    features: Features
    created: datetime
    updated: datetime


@dataclass(frozen=True)
class Session:
    """A websocket of a runner, as recorded."""

    id: str
    environment_id: str
    instance_id: str
    """The platform's id of the instance (``INS-…``): the assignee of its tasks."""
    container_id: str
    """The instance id that the runner gave itself."""
    application: Application
    opened: datetime


class Environments:
    """Environments and their runners."""

    columns: Mapping[str, ColumnElement[Any]]

    def get(self, reference: str, *, extension_id: str | None = None) -> Environment:
        """Find an environment by its id or its UUID, in that extension if one is given.

        Raises:
            NotFoundError: there is none.
        """
        raise NotImplementedError

    def page(
        self,
        extension_id: str | None = None,
        *,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Environment]:
        """Environments, of one extension if given; with the total."""
        raise NotImplementedError

    def update(self, environment_id: str, changes: Mapping[str, Any]) -> Environment:
        """Change ``runtime``, ``jwt_secret``, ``git`` (url, tag, commit, auth) or ``error_output``; others are ignored.

        Raises:
            ValidationError: a wrong value, with the field's path (``git.url``).
            RuleError: the mode is switched while the environment runs or is connected.
        """
        raise NotImplementedError

    def set_log_level(self, environment_id: str, level: str) -> Environment:
        """Set the level of the extension's logger (DEBUG, INFO, WARNING, ERROR) and tell connected runners."""
        raise NotImplementedError

    def apply_configuration(self, environment_id: str) -> Environment:
        """Have connected runners get the variables as they are now (the button Apply Changes)."""
        raise NotImplementedError

    def open_session(
        self, environment_id: str, container_id: str, application: Application, *, session_id: str | None = None
    ) -> Session:
        """Record a new websocket; the environment becomes connected (Local mode) with its first one."""
        raise NotImplementedError

    def close_session(self, session_id: str) -> None:
        """Forget a websocket; the environment becomes disconnected with its last one. Unknown ones are ignored.

        Does not touch tasks: see ``Leases.release_session``.
        """
        raise NotImplementedError

    def sessions(self, environment_id: str) -> list[Session]:
        """The open websockets of an environment, oldest first."""
        raise NotImplementedError

    def record_setup(self, environment_id: str, application: Application, setup: SetupRequest) -> Environment:
        """Take in what a runner declared: subscriptions, schedulables, variables, pages …

        A field that is None says nothing and leaves what other applications (or earlier sessions) said. Declared
        variables that do not exist are created with their initial value, never overwritten; schedules whose method is
        no longer declared become obsolete.
        """
        raise NotImplementedError

    def setup_configuration(self, environment_id: str) -> SetupResponse:
        """What a runner gets at the handshake and whenever the configuration changes: variables in clear,
        log levels, event definitions, names.
        """
        raise NotImplementedError
