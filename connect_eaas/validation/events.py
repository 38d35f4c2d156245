"""Rules on the events application: its event handlers and its methods for schedules."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Final

from connect_eaas import constants
from connect_eaas.applications import EventsApplicationBase, Extension
from connect_eaas.descriptor import Descriptor, find
from connect_eaas.events import BACKGROUND, CATALOGUE, SCHEDULED, TRANSFORMATION, EventType
from connect_eaas.markers import marked
from connect_eaas.validation.descriptor import read_descriptors
from connect_eaas.validation.methods import call_problem
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule

__all__ = ["RULES", "check"]

OLD_BASE: Final = Rule(
    "EVT001", WARNING, "the base class Extension is deprecated",
    "It is the older name of EventsApplicationBase.",
    "Derive the class from EventsApplicationBase.",
)  # fmt: skip
WRONG_BASE: Final = Rule(
    "EVT002", ERROR, "the class is no application for events",
    "The runner makes an instance of it for each task, in the way of EventsApplicationBase.",
    "Derive the class from connect_eaas.EventsApplicationBase.",
)  # fmt: skip
IN_DESCRIPTOR: Final = Rule(
    "EVT004", WARNING, "declared in extension.json instead of with a decorator",
    "The older way still works, but it replaces all decorators of its kind without a word.",
    "Declare it with a decorator and remove the key.",
)  # fmt: skip
UNKNOWN_TYPE: Final = Rule(
    "EVT005", ERROR, "the event type is unknown",
    "The platform never sends such an event, so the handler never runs.",
    "Correct the event type; docs/validation.md says how to check against the definitions of your platform.",
    blocks=False,
)  # fmt: skip
NO_STATUSES: Final = Rule(
    "EVT006", ERROR, "a handler names no statuses",
    "A background event is delivered only for objects in the statuses that the handler names.",
    "Name at least one status in the decorator.",
)  # fmt: skip
WRONG_STATUSES: Final = Rule(
    "EVT007", ERROR, "a status does not exist for the event",
    "The object never is in that status, so the handler never runs for it.",
    "Choose from the statuses that the message names.",
)  # fmt: skip
WRONG_SIGNATURE: Final = Rule(
    "EVT008", ERROR, "a handler cannot be called",
    "The runner calls it with the event's object as its only argument.",
    "Write it as: def handler(self, request)",
)  # fmt: skip
WRONG_SCHEDULABLE: Final = Rule(
    "EVT009", ERROR, "a method for schedules cannot be called",
    "The runner calls it with the schedule as its only argument.",
    "Write it as: def method(self, schedule)",
)  # fmt: skip
TWO_HANDLERS: Final = Rule(
    "EVT010", ERROR, "two handlers for one event type",
    "Only one of them would run.",
    "Keep one, and let it call the other's code if both have work to do.",
)  # fmt: skip
NO_METHOD: Final = Rule(
    "EVT011", ERROR, "extension.json declares a handler that does not exist",
    "Old-style extensions handle each event type in a method with a fixed name.",
    "Add the method that the message names, or remove the declaration.",
)  # fmt: skip
NO_COMMON_TYPE: Final = Rule(
    "EVT012", WARNING, "no type of extension has all these events",
    "Each event type exists for some types of extensions only, so some of these handlers never run.",
    "Split the extension, or remove the handlers of the other type.",
)  # fmt: skip
NOTHING: Final = Rule(
    "EVT013", WARNING, "the application handles nothing",
    "No method is marked, so no task will ever arrive.",
    "Mark a method with @event(...) or @schedulable(...).",
)  # fmt: skip

RULES: Final = (
    OLD_BASE, WRONG_BASE, IN_DESCRIPTOR, UNKNOWN_TYPE, NO_STATUSES, WRONG_STATUSES, WRONG_SIGNATURE,
    WRONG_SCHEDULABLE, TWO_HANDLERS, NO_METHOD, NO_COMMON_TYPE, NOTHING,
)  # fmt: skip

_OLD_KEYS: Final = {"capabilities": "@event", "schedulables": "@schedulable", "variables": "@variables"}


def check(project: Project) -> Iterator[Finding]:
    """Check the events application, if the project has one."""
    application = project.of_kind("eventsapp")
    if application is None:
        return
    cls = application.cls
    if not issubclass(cls, EventsApplicationBase):
        yield WRONG_BASE.broken(f"{cls.__qualname__} does not derive from it", project.place_of_class(cls))
        return
    if issubclass(cls, Extension):
        yield OLD_BASE.broken(f"{cls.__qualname__} derives from Extension", project.place_of_class(cls))
    descriptor = _descriptor(project, cls)
    for key, decorator in _OLD_KEYS.items():
        if key in descriptor.content:
            yield IN_DESCRIPTOR.broken(
                f"{key!r} in extension.json", _line(descriptor, key), fix=f"Declare with the decorator {decorator}."
            )
    known: list[EventType] = []
    handled = 0
    old_style = "capabilities" in descriptor.content
    for finding in _capabilities(project, cls, descriptor) if old_style else _decorated(project, cls):
        if isinstance(finding, Finding):
            yield finding
        else:
            handled += 1
            known += [finding] if isinstance(finding, EventType) and finding.extension_types else []
    if known and not set.intersection(*(set(event.extension_types) for event in known)):
        listed = "; ".join(f"{event.type}: {', '.join(event.extension_types)}" for event in known)
        yield NO_COMMON_TYPE.broken(listed, project.place_of_class(cls))
    for finding in _schedulables(project, cls, descriptor):
        if finding is not None:
            yield finding
        handled += 1
    if not handled:
        yield NOTHING.broken(f"{cls.__qualname__} has no marked method", project.place_of_class(cls))


def _descriptor(project: Project, cls: type) -> Descriptor:
    path = find(cls)
    found = read_descriptors(project).get(path) if path is not None else None
    return found if isinstance(found, Descriptor) else Descriptor()


def _line(descriptor: Descriptor, *keys: str) -> Place | None:
    return Place(descriptor.path, descriptor.line_of(*keys)) if descriptor.path is not None else None


def _decorated(project: Project, cls: type) -> Iterator[Finding | EventType | None]:
    """Yield what is wrong with each handler, and after that its event type, or None if it is not known."""
    handlers: dict[str, str] = {}
    for name, _, mark in marked(cls, constants.EVENT_INFO_ATTR_NAME):
        place, event_type = project.place_of_method(cls, name), mark["event_type"]
        subject = f"{cls.__qualname__}.{name}"
        if not isinstance(event_type, str):
            yield UNKNOWN_TYPE.broken(f"{subject}: the event type is {event_type!r}, not a text", place)
            continue
        other = handlers.setdefault(event_type, name)
        if other != name:
            yield TWO_HANDLERS.broken(f"{subject} and {other} both handle {event_type!r}", place)
        yield from _subscription(project, subject, event_type, mark["statuses"], place)
        problem = call_problem(cls, name)
        if problem is not None:
            yield WRONG_SIGNATURE.broken(f"{subject}, for {event_type!r}, {problem}", place)
        yield project.definitions.get(event_type)


def _capabilities(project: Project, cls: type, descriptor: Descriptor) -> Iterator[Finding | EventType | None]:
    capabilities = descriptor.content["capabilities"]
    if not isinstance(capabilities, dict):
        yield NO_METHOD.broken(
            "'capabilities' must be an object: event type to list of statuses", _line(descriptor, "capabilities")
        )
        return
    for event_type, statuses in capabilities.items():
        place = _line(descriptor, "capabilities", event_type)
        yield from _subscription(project, "extension.json", event_type, statuses, place)
        definition = CATALOGUE.get(event_type)
        if definition is not None:
            method = definition.legacy_method
            if method is None:
                yield NO_METHOD.broken(
                    f"{event_type!r} has no fixed method name", place, fix="Declare its handler with @event."
                )
            elif getattr(cls, method, None) is None:
                yield NO_METHOD.broken(f"{event_type!r} needs the method {method}(self, request)", place)
            elif (problem := call_problem(cls, method)) is not None:
                yield WRONG_SIGNATURE.broken(
                    f"{cls.__qualname__}.{method}, for {event_type!r}, {problem}", project.place_of_method(cls, method)
                )
        yield project.definitions.get(event_type)


def _subscription(
    project: Project, subject: str, event_type: str, statuses: Any, place: Place | None
) -> Iterator[Finding]:
    definition = project.definitions.get(event_type)
    if statuses is not None and not (
        isinstance(statuses, (list, tuple, set, frozenset)) and all(isinstance(status, str) for status in statuses)
    ):
        yield WRONG_STATUSES.broken(f"{subject}: statuses must be a list of texts, not {statuses!r}", place)
    elif definition is None:
        near = difflib.get_close_matches(event_type, project.definitions, 1)
        yield UNKNOWN_TYPE.broken(
            f"{subject}: {event_type!r} is no event type", place, fix=f"Write {near[0]!r}." if near else None
        )
    elif definition.category in (SCHEDULED, TRANSFORMATION):
        advice = "mark the method with @schedulable" if definition.category == SCHEDULED else "use @transformation"
        yield UNKNOWN_TYPE.broken(
            f"{subject}: {event_type!r} is not subscribed to", place, fix=f"{advice}.".capitalize()
        )
    elif not statuses:
        if definition.category == BACKGROUND and definition.statuses:
            offered = ", ".join(definition.statuses)
            yield NO_STATUSES.broken(
                f"{subject}: {event_type!r} needs statuses", place, fix=f"Name at least one of: {offered}."
            )
    elif unknown := [status for status in sorted(set(statuses)) if status not in definition.statuses]:
        listed = ", ".join(map(repr, unknown))
        offered = (
            f"Choose from: {', '.join(definition.statuses)}." if definition.statuses else "Leave the statuses out."
        )
        yield WRONG_STATUSES.broken(f"{subject}: {event_type!r} has no status {listed}", place, fix=offered)


def _schedulables(project: Project, cls: type, descriptor: Descriptor) -> Iterator[Finding | None]:
    """Yield for each method what is wrong with it, or None."""
    if "schedulables" not in descriptor.content:
        for name, _, mark in marked(cls, constants.SCHEDULABLE_INFO_ATTR_NAME):
            place, problem = project.place_of_method(cls, name), call_problem(cls, name)
            if problem is None and not (isinstance(mark["name"], str) and mark["name"].strip()):
                problem = "has no name for people: @schedulable(name, description)"
            yield WRONG_SCHEDULABLE.broken(f"{cls.__qualname__}.{name} {problem}", place) if problem else None
        return
    items = descriptor.content["schedulables"]
    place = _line(descriptor, "schedulables")
    if not isinstance(items, list):
        yield WRONG_SCHEDULABLE.broken("'schedulables' must be a list of objects with 'method'", place)
        return
    seen: set[str] = set()
    for item in items:
        method = item.get("method") if isinstance(item, dict) else None
        problem = None
        if not isinstance(method, str) or not method:
            problem = "an item of 'schedulables' has no 'method'"
        elif method in seen:
            problem = f"{method!r} stands twice in 'schedulables'"
        elif getattr(cls, method, None) is None:
            problem = f"{cls.__qualname__} has no method {method!r}"
        elif (wrong := call_problem(cls, method)) is not None:
            problem = f"{cls.__qualname__}.{method} {wrong}"
        seen.add(str(method))
        yield WRONG_SCHEDULABLE.broken(problem, place) if problem else None
