"""Collects the declarations of one class: reads marks and descriptor, checks them, notes every problem."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connect_eaas import constants
from connect_eaas.descriptor import Descriptor
from connect_eaas.errors import Problem
from connect_eaas.events import BACKGROUND, CATALOGUE, SCHEDULED, TRANSFORMATION, Category
from connect_eaas.markers import marked

__all__ = [
    "AnvilMethod",
    "Collector",
    "EventHandler",
    "SchedulableMethod",
    "TransformationMethod",
    "VariableDeclaration",
]


@dataclass(frozen=True)
class EventHandler:
    """``method`` handles ``event_type`` while its object is in one of ``statuses`` (empty: in any).

    ``category`` is None for event types that only the platform knows.
    """

    event_type: str
    statuses: tuple[str, ...]
    method: str
    is_async: bool
    category: Category | None


@dataclass(frozen=True)
class SchedulableMethod:
    """A method that a schedule may call; ``name`` and ``description`` are for people."""

    method: str
    name: str
    description: str
    is_async: bool


@dataclass(frozen=True)
class VariableDeclaration:
    """A variable that the platform makes, with ``initial_value``, in every environment that lacks it."""

    name: str
    initial_value: str | None = field(default=None, repr=False)
    secure: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of a setup request: ``name`` and what else was given."""
        item: dict[str, Any] = {"name": self.name}
        if self.initial_value is not None:
            item["initial_value"] = self.initial_value
        if self.secure:
            item["secure"] = True
        return item


@dataclass(frozen=True)
class AnvilMethod:
    """A method that an Anvil frontend may call."""

    method: str
    summary: str
    description: str


@dataclass(frozen=True)
class TransformationMethod:
    """A method that transforms one row; ``takes_styles`` says whether it wants the row's styles too."""

    method: str
    name: str
    description: str
    edit_dialog_ui: str | None
    manual: bool
    is_async: bool
    takes_styles: bool


class Collector:
    """Reads one class. Wrong declarations are left out of the results and stand in ``problems``."""

    def __init__(self, application: type, descriptor: Descriptor) -> None:
        self._application = application
        self._descriptor = descriptor
        self.problems: list[Problem] = []
        self.deprecations: list[str] = []

    def events(self) -> tuple[EventHandler, ...]:
        """Handlers of events: ``capabilities`` if the descriptor has them, else methods marked with ``@event``."""
        handlers: dict[str, EventHandler] = {}
        source = self._capabilities() if "capabilities" in self._descriptor.content else self._decorated_events()
        for handler in source:
            other = handlers.setdefault(handler.event_type, handler)
            if other is not handler:
                self._wrong(
                    f"{other.method} and {handler.method} both handle {handler.event_type!r}: keep one of them",
                    handler.method,
                )
        return tuple(handlers.values())

    def schedulables(self) -> tuple[SchedulableMethod, ...]:
        """Methods for schedules: ``schedulables`` if the descriptor has them, else those with ``@schedulable``."""
        if "schedulables" in self._descriptor.content:
            return tuple(self._old_schedulables())
        found = []
        for name, attribute, mark in marked(self._application, constants.SCHEDULABLE_INFO_ATTR_NAME):
            if self._fits(name, attribute):
                found.append(
                    SchedulableMethod(name, str(mark["name"]), str(mark["description"] or ""), _is_async(attribute))
                )
        return tuple(found)

    def variables(self, *, old_style: bool) -> tuple[VariableDeclaration, ...]:
        """Variables: those of the descriptor if it has some and ``old_style`` is set, else those of ``@variables``."""
        if old_style and "variables" in self._descriptor.content:
            self._deprecated("variables", "@variables")
            items, in_file = self._descriptor.content["variables"], True
        else:
            items, in_file = getattr(self._application, constants.VARIABLES_INFO_ATTR_NAME, []), False
        if not isinstance(items, list):
            self._wrong_key("expected a list of objects with 'name'", "variables")
            return ()
        found: dict[str, VariableDeclaration] = {}
        for item in items:
            message = _variable_problem(item, found)
            if message is None:
                found[item["name"]] = VariableDeclaration(
                    item["name"], item.get("initial_value"), bool(item.get("secure"))
                )
            elif in_file:
                self._wrong_key(f"variables: {message}", "variables")
            else:
                self._wrong(f"@variables: {message}")
        return tuple(found.values())

    def anvil_methods(self) -> tuple[AnvilMethod, ...]:
        """Methods marked with ``@anvil_callable``."""
        return tuple(
            AnvilMethod(name, mark["summary"], mark["description"])
            for name, _, mark in marked(self._application, constants.ANVIL_CALLABLE_ATTR_NAME)
        )

    def transformations(self) -> tuple[TransformationMethod, ...]:
        """Methods marked with ``@transformation``."""
        found = []
        for name, attribute, mark in marked(self._application, constants.TRANSFORMATION_ATTR_NAME):
            if "name" not in mark:
                self._wrong("is marked with @manual_transformation() only: add @transformation(...)", name)
                continue
            parameters = inspect.signature(attribute).parameters if inspect.isfunction(attribute) else {}
            styles = "row_styles" in parameters
            if self._fits(name, attribute, also="row_styles" if styles else None):
                found.append(
                    TransformationMethod(
                        name,
                        mark["name"],
                        mark["description"],
                        mark["edit_dialog_ui"],
                        bool(mark.get("manual")),
                        _is_async(attribute),
                        styles,
                    )
                )
        return tuple(found)

    def _decorated_events(self) -> Iterator[EventHandler]:
        for name, attribute, mark in marked(self._application, constants.EVENT_INFO_ATTR_NAME):
            event_type = mark["event_type"]
            if not isinstance(event_type, str) or not event_type:
                self._wrong("@event needs the event type as a text", name)
                continue
            message = _event_problem(event_type, mark["statuses"])
            if message is not None:
                self._wrong(message, name)
            elif self._fits(name, attribute):
                yield _handler(event_type, mark["statuses"] or (), name, attribute)

    def _capabilities(self) -> Iterator[EventHandler]:
        self._deprecated("capabilities", "@event")
        capabilities = self._descriptor.content["capabilities"]
        if not isinstance(capabilities, dict):
            self._wrong_key("expected an object: event type to list of statuses", "capabilities")
            return
        for event_type, statuses in capabilities.items():
            definition = CATALOGUE.get(event_type)
            keys = ("capabilities", event_type)
            message = _event_problem(event_type, statuses)
            if definition is None:
                message = f"unknown event type {event_type!r}"
            elif message is None and definition.legacy_method is None:
                message = f"{event_type!r} has no fixed method name: declare its handler with @event"
            if definition is None or definition.legacy_method is None or message is not None:
                self._wrong_key(message or "", *keys)
                continue
            method = definition.legacy_method
            attribute = inspect.getattr_static(self._application, method, None)
            if attribute is None:
                self._wrong_key(
                    f"{event_type!r} is declared, but the class has no method {method}(self, request)",
                    *keys,
                    method=method,
                )
            elif self._fits(method, attribute):
                yield _handler(event_type, statuses or (), method, attribute)

    def _old_schedulables(self) -> Iterator[SchedulableMethod]:
        self._deprecated("schedulables", "@schedulable")
        items = self._descriptor.content["schedulables"]
        if not isinstance(items, list):
            self._wrong_key("expected a list of objects with 'method', 'name' and 'description'", "schedulables")
            return
        seen: set[str] = set()
        for item in items:
            method = item.get("method") if isinstance(item, dict) else None
            if not isinstance(method, str) or not method:
                self._wrong_key("each schedulable needs a 'method', the name of a method", "schedulables")
                continue
            attribute = inspect.getattr_static(self._application, method, None)
            if attribute is None:
                self._wrong_key(
                    f"the schedulable {method!r} is declared, but the class has no such method",
                    "schedulables",
                    "method",
                    method=method,
                )
            elif method in seen:
                self._wrong_key(f"the schedulable {method!r} stands twice: remove one", "schedulables", method=method)
            elif self._fits(method, attribute):
                seen.add(method)
                name, description = item.get("name") or method, item.get("description") or ""
                yield SchedulableMethod(method, str(name), str(description), _is_async(attribute))

    def _fits(self, name: str, attribute: object, *, also: str | None = None) -> bool:
        """Check that a method can be called with one argument (and, by name, ``also``); note the problem if not."""
        if isinstance(attribute, (staticmethod, classmethod)):
            kind = "static" if isinstance(attribute, staticmethod) else "class"
            self._wrong(f"is a {kind} method: make it a plain method with self", name)
        elif not callable(attribute):
            self._wrong("is no method", name)
        elif inspect.isgeneratorfunction(attribute) or inspect.isasyncgenfunction(attribute):
            self._wrong("is a generator ('yield'): return a response instead", name)
        else:
            signature = inspect.signature(attribute)
            try:
                signature.bind(None, None, **({also: None} if also else {}))
            except TypeError:
                self._wrong(f"must take one argument besides self, but is {name}{signature}", name)
            else:
                return True
        return False

    def _deprecated(self, key: str, decorator: str) -> None:
        path, line = self._descriptor.path, self._descriptor.line_of(key)
        self.deprecations.append(f"{path}:{line}: {key!r} is deprecated: declare with the decorator {decorator}")

    def _wrong_key(self, message: str, *keys: str, method: str | None = None) -> None:
        self.problems.append(
            self._descriptor.problem(message, *keys, class_name=self._application.__qualname__, method=method)
        )

    def _wrong(self, message: str, method: str | None = None) -> None:
        file, line = _place(self._application, method)
        self.problems.append(Problem(message, file, line, self._application.__qualname__, method))


def _handler(event_type: str, statuses: Any, method: str, attribute: object) -> EventHandler:
    definition = CATALOGUE.get(event_type)
    category = definition.category if definition is not None else None
    ordered = sorted(statuses) if isinstance(statuses, (set, frozenset)) else dict.fromkeys(statuses)
    return EventHandler(event_type, tuple(ordered), method, _is_async(attribute), category)


def _event_problem(event_type: str, statuses: object) -> str | None:
    """Say what is wrong with a subscription; None if nothing is, or if only the platform knows the event type."""
    if statuses is not None and not (
        isinstance(statuses, (list, tuple, set, frozenset)) and all(isinstance(status, str) for status in statuses)
    ):
        return f"{event_type!r}: statuses must be a list of texts, got {statuses!r}"
    definition = CATALOGUE.get(event_type)
    if definition is None:
        return None
    if definition.category == SCHEDULED:
        return f"{event_type!r} is not subscribed to: mark the method with @schedulable"
    if definition.category == TRANSFORMATION:
        return f"{event_type!r} is not subscribed to: write a transformations application"
    if not statuses:
        if definition.category == BACKGROUND and definition.statuses:
            return f"{event_type!r} needs at least one status of: {', '.join(definition.statuses)}"
        return None
    unknown = [status for status in statuses if status not in definition.statuses]
    if not unknown:
        return None
    if not definition.statuses:
        return f"{event_type!r} has no statuses, but {', '.join(map(repr, unknown))} given: leave them out"
    known = ", ".join(definition.statuses)
    return f"{event_type!r} has no status {', '.join(map(repr, unknown))}: choose from {known}"


def _variable_problem(item: object, known: dict[str, VariableDeclaration]) -> str | None:
    if not isinstance(item, dict):
        return f"expected objects with 'name', got {type(item).__name__}"
    name = item.get("name")
    if not isinstance(name, str) or not name:
        return "a variable has no 'name'"
    if name in known:
        return f"{name!r} stands twice: remove one"
    initial_value = item.get("initial_value")
    if initial_value is not None and not isinstance(initial_value, str):
        return f"{name!r}: initial_value must be a text, got {type(initial_value).__name__}"
    secure = item.get("secure")
    if secure is not None and not isinstance(secure, bool):
        return f"{name!r}: secure must be true or false, got {type(secure).__name__}"
    return None


def _is_async(attribute: object) -> bool:
    return inspect.iscoroutinefunction(attribute)


def _place(application: type, method: str | None) -> tuple[Path | None, int | None]:
    """Find the file and line of a method, or the file of the class."""
    attribute = inspect.getattr_static(application, method, None) if method else None
    if isinstance(attribute, (staticmethod, classmethod)):
        attribute = attribute.__func__
    code = getattr(inspect.unwrap(attribute) if callable(attribute) else None, "__code__", None)
    if code is not None:
        return Path(code.co_filename), code.co_firstlineno
    file = getattr(sys.modules.get(application.__module__), "__file__", None)
    return (Path(file) if file else None), None
