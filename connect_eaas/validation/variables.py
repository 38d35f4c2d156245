"""Rules on the environment variables that applications declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connect_eaas import constants
from connect_eaas.descriptor import Descriptor, find
from connect_eaas.validation.descriptor import read_descriptors
from connect_eaas.validation.project import Application, Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Place, Rule

__all__ = ["NAME", "RULES", "check"]

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What a variable can be called."""
_KEYS: Final = frozenset({"name", "initial_value", "secure"})

NO_NAME: Final = Rule(
    "VAR001", ERROR, "a variable has no name",
    "The platform makes variables by their names.",
    'Give the item a "name".',
)  # fmt: skip
TWICE: Final = Rule(
    "VAR002", ERROR, "a variable is declared twice",
    "Only one of the initial values would count.",
    "Keep one of the two.",
)  # fmt: skip
WRONG_NAME: Final = Rule(
    "VAR003", ERROR, "the name of a variable is not possible",
    "Names start with a letter, followed by letters, digits and underscores.",
    "Choose another name.",
)  # fmt: skip
WRONG_VALUE: Final = Rule(
    "VAR004", ERROR, "an initial value is not a text",
    "The values of variables are texts, also those of numbers.",
    "Put the value in quotes.",
)  # fmt: skip
WRONG_SECURE: Final = Rule(
    "VAR005", ERROR, "`secure` is not a boolean",
    "It says whether the value is encrypted and hidden.",
    "Write True or False.",
)  # fmt: skip
DIFFERS: Final = Rule(
    "VAR006", WARNING, "two applications declare a variable differently",
    "The variables belong to the environment, so all applications share them: which initial value it gets is chance.",
    "Declare the variable in both in the same way, or in one only.",
)  # fmt: skip
UNKNOWN_KEY: Final = Rule(
    "VAR007", WARNING, "a variable has an unknown key",
    "It is ignored.",
    "Use name, initial_value and secure only.",
)  # fmt: skip

RULES: Final = (NO_NAME, TWICE, WRONG_NAME, WRONG_VALUE, WRONG_SECURE, DIFFERS, UNKNOWN_KEY)


def check(project: Project) -> Iterator[Finding]:
    """Check the variables of every application, and those that applications share."""
    shared: dict[str, tuple[Any, bool, Application]] = {}
    for application in project.applications:
        items, descriptor = _declared(project, application)
        names: set[str] = set()
        if not isinstance(items, (list, tuple)):
            yield NO_NAME.broken("'variables' must be a list of objects", _place(project, application, descriptor))
            continue
        for item in items:
            yield from _item(project, application, descriptor, item, names)
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str):
                continue
            value, secure = item.get("initial_value"), bool(item.get("secure"))
            known_value, known_secure, other = shared.setdefault(name, (value, secure, application))
            if (known_value, known_secure) != (value, secure) and other is not application:
                yield DIFFERS.broken(
                    # Never the values: they may be secrets.
                    f"{name}: {other.cls.__qualname__} and {application.cls.__qualname__} declare it differently",
                    _place(project, application, descriptor, name),
                )


def _declared(project: Project, application: Application) -> tuple[Any, Descriptor | None]:
    """Return the items, and the descriptor if they come from it."""
    path = find(application.cls)
    descriptor = read_descriptors(project).get(path) if path is not None else None
    if application.kind == "eventsapp" and isinstance(descriptor, Descriptor) and "variables" in descriptor.content:
        return descriptor.content["variables"], descriptor
    return getattr(application.cls, constants.VARIABLES_INFO_ATTR_NAME, []), None


def _place(
    project: Project, application: Application, descriptor: Descriptor | None, name: str | None = None
) -> Place | None:
    if descriptor is not None and descriptor.path is not None:
        return Place(descriptor.path, descriptor.line_of("variables"))
    place = project.place_of_class(application.cls)
    for decorator in ("variables", "anvil_key_variable", "django_secret_key_variable"):
        found = project.place_of_decorator(application.cls, decorator, name or "")
        if found != place:
            return found
    return place


def _item(
    project: Project, application: Application, descriptor: Descriptor | None, item: Any, names: set[str]
) -> Iterator[Finding]:
    subject = application.cls.__qualname__
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(name, str) or not name:
        yield NO_NAME.broken(f"{subject}: a variable has no name", _place(project, application, descriptor))
        return
    place = _place(project, application, descriptor, name)
    if name in names:
        yield TWICE.broken(f"{subject}: {name!r} stands twice", place)
    names.add(name)
    if not NAME.fullmatch(name):
        yield WRONG_NAME.broken(f"{subject}: {name!r} is no name for a variable", place)
    value, secure = item.get("initial_value"), item.get("secure")
    if value is not None and not isinstance(value, str):
        yield WRONG_VALUE.broken(f"{subject}: the initial value of {name} is a {type(value).__name__}", place)
    if secure is not None and not isinstance(secure, bool):
        yield WRONG_SECURE.broken(f"{subject}: 'secure' of {name} is a {type(secure).__name__}", place)
    for key in sorted(map(str, item.keys() - _KEYS)):
        yield UNKNOWN_KEY.broken(f"{subject}: {name} has the key {key!r}", place)
