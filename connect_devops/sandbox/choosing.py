"""Which extension is meant where an event goes to one alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connect_devops.domain.errors import RuleError
from connect_devops.sandbox.world import World
from connect_devops.services.environments import Environment
from connect_eaas.events import CATALOGUE

__all__ = ["CONNECTED", "chosen_environment"]

CONNECTED: Final = ("connected", "running")
"""Statuses of an environment whose runner has said what it declares."""
_UNKNOWN: Final = "what it declares is known once its runner connected"
_ADD: Final = "add a handler, and it is known as soon as the runner has started again"


def chosen_environment(
    world: World,
    event_type: str,
    extension_id: str | None,
    fits: Callable[[Environment], bool],
    *,
    what: str | None = None,
    without: str = "has no such event",
) -> Environment:
    """The environment that is told: one of the extension that is meant, connected ones first.

    Args:
        world: the sandbox.
        event_type: the event.
        extension_id: the extension that is meant; None for the only one that fits, connected ones before others.
        fits: whether an environment declares what the event needs.
        what: what has to be declared; by default the event.
        without: what is to be said of an extension whose type the event is not for.

    Raises:
        NotFoundError: there is no such extension.
        RuleError: none fits, the event is not for this type of extension, or several fit; they are named.
    """
    known = world.services.extensions
    extensions = known.page().items if extension_id is None else [known.get(extension_id)]
    types = CATALOGUE[event_type].extension_types
    if extensions and not any(one.type in types for one in extensions):
        first = extensions[0]
        raise RuleError(
            f"event_type: {first.id} is an extension of the type {first.type} and {without}; {event_type} is for "
            f"the types {', '.join(types)}."
        )
    found = [one for extension in extensions for one in extension.environments.values() if fits(one)]
    if not found:
        needed = what or event_type
        if extension_id is None:
            raise RuleError(f"event_type: no extension declares {needed}; {_UNKNOWN}: start its runner first.")
        if any(one.status in CONNECTED for one in extensions[0].environments.values()):
            raise RuleError(f"event_type: {extension_id} does not declare {needed}; it is connected: {_ADD}.")
        raise RuleError(f"event_type: {extension_id} does not declare {needed}; {_UNKNOWN}: start its runner first.")
    connected = [one for one in found if one.status in CONNECTED]
    candidates = connected or found
    meant = sorted({one.extension_id for one in candidates})
    if len(meant) > 1:
        raise RuleError(f"extension_id: {event_type} goes to one extension; choose {' or '.join(meant)} (-x).")
    return candidates[0]
