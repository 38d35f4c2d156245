"""Rules on the Anvil application."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

from connect_eaas import constants
from connect_eaas.applications import AnvilApplicationBase
from connect_eaas.markers import marked
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Rule
from connect_eaas.validation.variables import NAME

__all__ = ["RULES", "check"]

WRONG_BASE: Final = Rule(
    "ANV001", ERROR, "the class is no Anvil application",
    "The runner sets its methods up in the way of AnvilApplicationBase.",
    "Derive the class from AnvilApplicationBase.",
)  # fmt: skip
WRONG_VARIABLE: Final = Rule(
    "ANV002", ERROR, "the name of the key variable is not possible",
    "Environment variables start with a letter, followed by letters, digits and underscores.",
    "Choose another name in @anvil_key_variable.",
)  # fmt: skip
NO_CALLABLE: Final = Rule(
    "ANV003", ERROR, "nothing is callable",
    "An Anvil frontend can only call methods that are marked.",
    "Mark at least one method with @anvil_callable().",
)  # fmt: skip
NO_VARIABLE: Final = Rule(
    "ANV004", ERROR, "no variable holds the uplink key",
    "Without a key there is no connection to Anvil's server.",
    'Decorate the class with @anvil_key_variable("ANVIL_API_KEY").',
)  # fmt: skip
IS_ASYNC: Final = Rule(
    "ANV005", WARNING, "a callable is a coroutine",
    "An Anvil application gets the plain API client, whose calls hold up the event loop that coroutines share; and the "
    "public runner awaits no coroutine.",
    "Write it as a plain method: def, not async def.",
)  # fmt: skip

RULES: Final = (WRONG_BASE, WRONG_VARIABLE, NO_CALLABLE, NO_VARIABLE, IS_ASYNC)


def check(project: Project) -> Iterator[Finding]:
    """Check the Anvil application, if the project has one."""
    application = project.of_kind("anvilapp")
    if application is None:
        return
    cls, place = application.cls, project.place_of_class(application.cls)
    if not issubclass(cls, AnvilApplicationBase):
        yield WRONG_BASE.broken(f"{cls.__qualname__} does not derive from it", place)
        return
    variable: object = cls.get_anvil_key_variable()
    if variable is None:
        yield NO_VARIABLE.broken(f"{cls.__qualname__} has no @anvil_key_variable", place)
    elif not isinstance(variable, str) or not NAME.fullmatch(variable):
        yield WRONG_VARIABLE.broken(
            f"the key variable is {variable!r}", project.place_of_decorator(cls, "anvil_key_variable")
        )
    found = list(marked(cls, constants.ANVIL_CALLABLE_ATTR_NAME))
    if not found:
        yield NO_CALLABLE.broken(f"{cls.__qualname__} has no method with @anvil_callable()", place)
    for name, attribute, _ in found:
        if inspect.iscoroutinefunction(attribute):
            yield IS_ASYNC.broken(f"{cls.__qualname__}.{name} is async", project.place_of_method(cls, name))
