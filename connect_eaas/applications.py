"""Base classes that authors subclass: one for each kind of application.

Names and constructors: ``reference/sdk-api.md`` section 1. What a subclass declares is read by
``connect_eaas.declarations``; the class methods here give the same facts as plain lists and dicts.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from connect_eaas import constants, descriptor
from connect_eaas.config import Config
from connect_eaas.errors import MissingExtraError
from connect_eaas.markers import marked
from connect_eaas.models import Context

if TYPE_CHECKING:
    import logging

    from connect.client import AsyncConnectClient, ConnectClient
    from fastapi import APIRouter

__all__ = [
    "AnvilApplicationBase",
    "ApplicationBase",
    "EventsApplicationBase",
    "Extension",
    "InstallationAdminClientMixin",
    "TransformationsApplicationBase",
    "WebApplicationBase",
    "make_application",
]

_Application = TypeVar("_Application", bound="ApplicationBase")


class ApplicationBase:
    """What all kinds of applications have in common."""

    @classmethod
    def get_descriptor(cls) -> dict[str, Any]:
        """Read the ``extension.json`` beside the class's module, anew at each call.

        Raises:
            FileNotFoundError: there is no such file.
            json.JSONDecodeError: it is no JSON; the text names file and line.
        """
        return descriptor.read(cls)

    @classmethod
    def get_variables(cls) -> list[dict[str, Any]]:
        """Return the declared environment variables."""
        declared: list[dict[str, Any]] = getattr(cls, constants.VARIABLES_INFO_ATTR_NAME, [])
        return declared

    @classmethod
    def get_django_secret_key_variable(cls) -> str | None:
        """Return the name of the variable that holds Django's secret key."""
        name: str | None = getattr(cls, constants.DJANGO_SECRET_KEY_VAR_ATTR_NAME, None)
        return name


class InstallationAdminClientMixin:
    """Clients that act as an installation, for handlers that run as the extension's owner."""

    client: Any
    context: Context | None

    def get_installation_admin_client(self, installation_id: str) -> ConnectClient:
        """Return a client with the key of this installation; for plain (not async) handlers.

        Raises:
            RuntimeError: the application was made without a context, or with an async client.
            ClientError: the platform refused.
        """
        from connect_eaas.client import is_async, sibling

        if is_async(self.client):
            raise RuntimeError(
                "self.client is asynchronous: use 'await self.get_installation_admin_async_client(installation_id)'"
            )
        answer = self._installation(installation_id)("impersonate").post()
        return sibling(self.client, answer["installation_api_key"])

    async def get_installation_admin_async_client(self, installation_id: str) -> AsyncConnectClient:
        """Return a client with the key of this installation; for ``async def`` handlers.

        Raises:
            RuntimeError: the application was made without a context, or with a plain client.
            ClientError: the platform refused.
        """
        from connect_eaas.client import is_async, sibling

        if not is_async(self.client):
            raise RuntimeError("self.client is not asynchronous: use 'self.get_installation_admin_client(...)'")
        answer = await self._installation(installation_id)("impersonate").post()
        return sibling(self.client, answer["installation_api_key"])

    def _installation(self, installation_id: str) -> Any:
        if self.context is None:
            raise RuntimeError(
                f"{type(self).__name__} was made without a context, so the extension's id is unknown: "
                "accept 'context' in __init__ and pass it on to the base class"
            )
        services = self.client("devops").services
        return services[self.context.extension_id].installations[installation_id]


class EventsApplicationBase(ApplicationBase, InstallationAdminClientMixin):
    """An application that handles events and schedules. A new instance is made for each task.

    Attributes:
        client: API client that acts as the extension's owner; asynchronous for ``async def`` handlers.
        logger: logger that knows the task.
        config: the environment's variables, name to value.
        installation_client: client that acts as the installation of a multi-account task, else None.
        installation: that installation, else None.
        context: ids of extension and environment.
    """

    def __init__(
        self,
        client: Any,
        logger: logging.Logger | logging.LoggerAdapter[Any],
        config: dict[str, Any],
        installation_client: Any = None,
        installation: dict[str, Any] | None = None,
        context: Context | None = None,
    ) -> None:
        self.client = client
        self.logger = logger
        self.config = config
        self.installation_client = installation_client
        self.installation = installation
        self.context = context

    @classmethod
    def get_events(cls) -> list[dict[str, Any]]:
        """Return ``{method, event_type, statuses}`` of each method marked with ``@event``."""
        return [dict(mark) for _, _, mark in marked(cls, constants.EVENT_INFO_ATTR_NAME)]

    @classmethod
    def get_schedulables(cls) -> list[dict[str, Any]]:
        """Return ``{method, name, description}`` of each method marked with ``@schedulable``."""
        return [dict(mark) for _, _, mark in marked(cls, constants.SCHEDULABLE_INFO_ATTR_NAME)]


class Extension(EventsApplicationBase):
    """Older name of ``EventsApplicationBase``, as used in the user documents."""


class WebApplicationBase(ApplicationBase):
    """An application with an HTTP API and pages."""

    @classmethod
    def get_static_root(cls) -> str | None:
        """Return the absolute path of ``static/`` beside the class's module, None if there is no such directory."""
        path = descriptor.find(cls)
        root = path.parent / "static" if path is not None else None
        return str(root) if root is not None and root.is_dir() else None

    @classmethod
    def get_routers(cls) -> tuple[APIRouter, APIRouter]:
        """Return the routes of ``router`` as two routers: those that need authentication, and those that do not.

        Raises:
            MissingExtraError: the extra ``web`` is not installed.
        """
        from connect_eaas.web.routing import split

        return split()

    @classmethod
    def get_ui_modules(cls) -> dict[str, Any]:
        """Return the declared pages by kind: ``settings``, ``modules``, ``admins``, ``devops``, ``customer``."""
        kinds = {
            "settings": constants.ACCOUNT_SETTINGS_PAGE_ATTR_NAME,
            "modules": constants.MODULE_PAGES_ATTR_NAME,
            "admins": constants.ADMIN_PAGES_ATTR_NAME,
            "devops": constants.DEVOPS_PAGES_ATTR_NAME,
            "customer": constants.CUSTOMER_PAGES_ATTR_NAME,
        }
        return {kind: getattr(cls, marker) for kind, marker in kinds.items() if hasattr(cls, marker)}

    @classmethod
    def get_proxied_connect_api(cls) -> Any:
        """Return what ``@proxied_connect_api`` got: a list or a dict; an empty list by default."""
        return getattr(cls, constants.PROXIED_CONNECT_API_ATTR_NAME, [])


class AnvilApplicationBase(ApplicationBase):
    """An application whose methods an Anvil frontend calls."""

    def __init__(
        self,
        client: Any,
        logger: logging.Logger | logging.LoggerAdapter[Any],
        config: dict[str, Any],
        installation_client: Any = None,
        installation: dict[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.logger = logger
        self.config = config
        self.installation_client = installation_client
        self.installation = installation

    @classmethod
    def get_anvil_key_variable(cls) -> str | None:
        """Return the name of the variable that holds the uplink key."""
        name: str | None = getattr(cls, constants.ANVIL_KEY_VAR_ATTR_NAME, None)
        return name

    @classmethod
    def get_anvil_callables(cls) -> list[dict[str, Any]]:
        """Return ``{method, summary, description}`` of each method marked with ``@anvil_callable``."""
        return [dict(mark) for _, _, mark in marked(cls, constants.ANVIL_CALLABLE_ATTR_NAME)]

    def setup_anvil_callables(self) -> None:
        """Offer every marked method to the Anvil server under its name, to be called with keyword arguments.

        Raises:
            MissingExtraError: Anvil's uplink is not installed.
        """
        try:
            server = importlib.import_module("anvil.server")
        except ImportError as error:
            raise MissingExtraError("anvil", "anvil-uplink", "An Anvil application") from error
        for name, _, _ in marked(type(self), constants.ANVIL_CALLABLE_ATTR_NAME):
            server.callable(name)(_keywords_only(getattr(self, name)))


class TransformationsApplicationBase(ApplicationBase, InstallationAdminClientMixin):
    """An application that transforms the rows of spreadsheets."""

    def __init__(
        self,
        client: Any,
        logger: logging.Logger | logging.LoggerAdapter[Any],
        config: dict[str, Any],
        installation_client: Any = None,
        installation: dict[str, Any] | None = None,
        context: Context | None = None,
        transformation_request: dict[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.logger = logger
        self.config = config
        self.installation_client = installation_client
        self.installation = installation
        self.context = context
        self.transformation_request = transformation_request

    @classmethod
    def get_transformations(cls) -> list[dict[str, Any]]:
        """Return ``{method, name, description, edit_dialog_ui, manual}`` of each ``@transformation``."""
        return [dict(mark) for _, _, mark in marked(cls, constants.TRANSFORMATION_ATTR_NAME)]


def make_application(
    cls: type[_Application],
    *,
    client: Any,
    logger: logging.Logger | logging.LoggerAdapter[Any],
    config: Mapping[str, Any],
    installation_client: Any = None,
    installation: dict[str, Any] | None = None,
    context: Context | None = None,
    transformation_request: dict[str, Any] | None = None,
) -> _Application:
    """Make the instance for one task.

    ``client``, ``logger`` and ``config`` go first, by position, as old-style constructors call them what they like. The
    others go by name, each only if the class's ``__init__`` takes it. ``config`` is copied: a handler may change it.
    """
    optional = {
        "installation_client": installation_client,
        "installation": installation,
        "context": context,
        "transformation_request": transformation_request,
    }
    application: type = cls
    taken = _taken(application)
    arguments = {name: value for name, value in optional.items() if name in taken}
    return cls(client, logger, Config(config), **arguments)  # type: ignore[call-arg]


@lru_cache(maxsize=256)
def _taken(cls: type) -> frozenset[str]:
    """Names that ``__init__`` takes; one with ``**kwargs`` hands on, so what the next base takes counts too."""
    names: set[str] = set()
    for base in cls.__mro__:
        constructor = base.__dict__.get("__init__")
        if constructor is None:
            continue
        parameters = inspect.signature(constructor).parameters
        names.update(parameters)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            break
    return frozenset(names)


def _keywords_only(method: Any) -> Any:
    def call(**arguments: Any) -> Any:
        return method(**arguments)

    return call
