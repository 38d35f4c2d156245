"""What an application class declares, as typed values; collected once per class.

Declarations come from decorators, or from ``capabilities``, ``schedulables`` and ``variables`` of an old-style
``extension.json``, which win where present and use one fixed method name per event type
(``reference/sdk-api.md`` section 15). The runner, the validation and the command line all read them here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Final, Literal

from connect_eaas import collection
from connect_eaas.applications import (
    AnvilApplicationBase,
    EventsApplicationBase,
    TransformationsApplicationBase,
    WebApplicationBase,
)
from connect_eaas.collection import (
    AnvilMethod,
    EventHandler,
    SchedulableMethod,
    TransformationMethod,
    VariableDeclaration,
)
from connect_eaas.descriptor import Descriptor
from connect_eaas.errors import DeclarationError, Problem

__all__ = [
    "AnvilMethod",
    "DeclarationError",
    "Declarations",
    "EventHandler",
    "Kind",
    "Problem",
    "SchedulableMethod",
    "TransformationMethod",
    "VariableDeclaration",
]

Kind = Literal["eventsapp", "webapp", "anvilapp", "tfnapp"]

_KINDS: Final[tuple[tuple[type, Kind], ...]] = (
    (EventsApplicationBase, "eventsapp"),
    (WebApplicationBase, "webapp"),
    (AnvilApplicationBase, "anvilapp"),
    (TransformationsApplicationBase, "tfnapp"),
)
_logger = logging.getLogger("connect.eaas.declarations")
_KEPT: Final = "_eaas_declarations"
_lock = Lock()


@dataclass(frozen=True)
class Declarations:
    """Everything that one application class declares.

    ``deprecations`` are sentences for the author about what should be declared in another way.
    """

    application: type
    kind: Kind
    descriptor: Descriptor
    events: tuple[EventHandler, ...] = ()
    schedulables: tuple[SchedulableMethod, ...] = ()
    variables: tuple[VariableDeclaration, ...] = ()
    transformations: tuple[TransformationMethod, ...] = ()
    anvil_methods: tuple[AnvilMethod, ...] = ()
    anvil_key_variable: str | None = None
    ui_modules: Mapping[str, Any] = field(default_factory=dict)
    proxied_connect_api: Any = None
    deprecations: tuple[str, ...] = ()

    @classmethod
    def of(cls, application: type) -> Declarations:
        """Return what ``application`` declares; collected at the first call and kept with the class.

        Deprecations are logged once, as warnings of the logger ``connect.eaas.declarations``.

        Raises:
            DeclarationError: with all problems, each naming file, line, class and method where known.
        """
        with _lock:
            # In the class's own dictionary: what a base declared is not what its subclass declares.
            known = getattr(application, "__dict__", {}).get(_KEPT)
            if isinstance(known, Declarations):
                return known
            declared, problems = cls.inspect(application)
            if problems:
                raise DeclarationError(*problems)
            setattr(application, _KEPT, declared)
            for sentence in declared.deprecations:
                _logger.warning(sentence)
            return declared

    @classmethod
    def inspect(cls, application: type) -> tuple[Declarations, tuple[Problem, ...]]:
        """Collect anew, without an error for wrong declarations: what is right, and the problems with the rest.

        Raises:
            DeclarationError: ``application`` is no application class, or its ``extension.json`` cannot be read.
        """
        kind = _kind(application)
        descriptor = Descriptor.of(application)
        found = collection.Collector(application, descriptor)
        events: tuple[EventHandler, ...] = ()
        schedulables: tuple[SchedulableMethod, ...] = ()
        if issubclass(application, EventsApplicationBase):
            events, schedulables = found.events(), found.schedulables()
        variables = found.variables(old_style=kind == "eventsapp")
        pages: dict[str, Any] = {}
        if issubclass(application, WebApplicationBase):
            pages = {
                "ui_modules": application.get_ui_modules(),
                "proxied_connect_api": application.get_proxied_connect_api() or None,
            }
        anvil: dict[str, Any] = {}
        if issubclass(application, AnvilApplicationBase):
            anvil = {
                "anvil_methods": found.anvil_methods(),
                "anvil_key_variable": application.get_anvil_key_variable(),
            }
        transformations = found.transformations() if issubclass(application, TransformationsApplicationBase) else ()
        declarations = cls(
            application=application,
            kind=kind,
            descriptor=descriptor,
            events=events,
            schedulables=schedulables,
            variables=variables,
            transformations=transformations,
            deprecations=tuple(found.deprecations),
            **pages,
            **anvil,
        )
        return declarations, tuple(found.problems)

    @property
    def subscriptions(self) -> dict[str, list[str]]:
        """Event types with the chosen statuses, as the platform is told; without statuses the list is empty."""
        return {handler.event_type: list(handler.statuses) for handler in self.events}

    @cached_property
    def _handlers(self) -> dict[str, EventHandler]:
        # The first one of an event type counts.
        return {handler.event_type: handler for handler in reversed(self.events)}

    def handler_of(self, event_type: str) -> EventHandler | None:
        """Return the handler of this event type, None if none is declared."""
        return self._handlers.get(event_type)

    def schedulable_of(self, method: str) -> SchedulableMethod | None:
        """Return the schedulable with this method name, None if none is declared."""
        return next((item for item in self.schedulables if item.method == method), None)

    def transformation_of(self, method: str) -> TransformationMethod | None:
        """Return the transformation with this method name, None if none is declared."""
        return next((item for item in self.transformations if item.method == method), None)


def _kind(application: object) -> Kind:
    if isinstance(application, type):
        for base, kind in _KINDS:
            if issubclass(application, base):
                return kind
    name = application.__qualname__ if isinstance(application, type) else repr(application)
    bases = ", ".join(base.__name__ for base, _ in _KINDS)
    raise DeclarationError(Problem(f"is no application: derive the class from one of {bases}", class_name=name))
