"""An environment as people and other services see it, and how it is read from its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from connect_devops.ids import environment_id
from connect_devops.services.secrets import Secrets
from connect_devops.storage.columns import Row
from connect_eaas.protocol.messages import SetupRequest

__all__ = [
    "APPLICATIONS",
    "Application",
    "Declared",
    "Environment",
    "Features",
    "Git",
    "Session",
    "as_kept",
    "environment_from",
    "environment_id_of_host",
    "merged",
]

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


_DOMAIN: Final = "localhost"
"""Names under it lead to this machine in every browser."""
_HOST_SUFFIX: Final[Mapping[str, str]] = MappingProxyType({"development": "-dev", "test": "-test", "production": ""})
_HOST_TYPE: Final[Mapping[str, str]] = MappingProxyType({suffix: name for name, suffix in _HOST_SUFFIX.items()})
_HOST: Final = re.compile(r"(?P<extension>srvc-\d+(?:-\d+)*?)(?P<suffix>-dev|-test|)\.localhost")
_FIELDS: Final = (
    "event_subscriptions",
    "schedulables",
    "ui_modules",
    "icon",
    "proxied_connect_api",
    "anvil_callables",
    "transformations",
    "audience",
    "runner_version",
)


def environment_id_of_host(name: str) -> str | None:
    """The id of the environment whose web application has this host; None if no environment can have it.

    Args:
        name: ``{hostname}.{domain}`` of an environment, or its id in small letters instead of the hostname.
    """
    name = name.lower()
    if match := _HOST.fullmatch(name):
        return environment_id(match["extension"].upper(), _HOST_TYPE[match["suffix"]])
    label, dot, domain = name.partition(".")
    return label.upper() if dot and domain == _DOMAIN and label.startswith("env-") else None


def as_kept(setup: SetupRequest) -> dict[str, Any]:
    """What a setup request says, as plain JSON; what it leaves out (None) is not in it."""
    said = setup.model_dump(mode="json", include={*_FIELDS, "repository"}, exclude_none=True)
    repository = said.pop("repository", None) or {}
    return {**said, **{name: repository[name] for name in ("readme_url", "changelog_url") if name in repository}}


def merged(kept: Mapping[str, Mapping[str, Any]]) -> Declared:
    """The declarations of all applications as one; where two speak of the same field the later application wins."""
    said: dict[str, Any] = {}
    for application in APPLICATIONS:
        said.update(kept.get(application, {}))
    proxied = said.get("proxied_connect_api")
    return Declared(
        event_subscriptions={
            event: tuple(statuses) for event, statuses in (said.get("event_subscriptions") or {}).items()
        },
        schedulables=tuple(said.get("schedulables") or ()),
        ui_modules=said.get("ui_modules") or {},
        icon=said.get("icon"),
        proxied_connect_api=tuple(proxied) if isinstance(proxied, list) else proxied,
        anvil_callables=tuple(said.get("anvil_callables") or ()),
        transformations=tuple(said.get("transformations") or ()),
        audience=None if said.get("audience") is None else tuple(said["audience"]),
        readme_url=said.get("readme_url"),
        changelog_url=said.get("changelog_url"),
        runner_version=said.get("runner_version"),
    )


def environment_from(row: Row, secrets: Secrets) -> Environment:
    """An environment from its row, joined with its extension's columns (``extension_name`` …)."""
    kept = row["declared"] or {}
    git = None
    if row["git_url"] is not None:
        git = Git(
            url=row["git_url"],
            tag=row["git_tag"],
            commit=row["git_commit"],
            username=row["git_username"],
            has_password=row["git_password"] is not None,
        )
    return Environment(
        id=row["id"],
        type=row["type"],
        external_id=row["external_id"],
        extension_id=row["extension_id"],
        extension_name=row["extension_name"],
        extension_type=row["extension_type"],
        owner_id=row["owner_id"],
        status=row["status"],
        runtime=row["runtime"],
        jwt_secret=secrets.decrypt(row["jwt_secret"]),
        git=git,
        log_level=row["log_level"],
        runner_log_level=row["runner_log_level"],
        error_output=row["error_output"],
        hostname=row["extension_id"].lower() + _HOST_SUFFIX[row["type"]],
        domain=_DOMAIN,
        configuration_changed=row["configuration_changed"],
        declared=merged(kept),
        features=Features(
            event_processing_available="events" in kept,
            custom_api_available="webapp" in kept,
            web_app_available="webapp" in kept,
            anvil_app_available="anvilapp" in kept,
            transformation_app_available="tfnapp" in kept,
        ),
        created=row["created"],
        updated=row["updated"],
    )
