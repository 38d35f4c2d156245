"""Which extension is meant where an event goes to one alone."""

from __future__ import annotations

from collections.abc import Callable

from connect_devops.domain.errors import RuleError
from connect_devops.sandbox.world import World
from connect_devops.services.environments import Environment
from connect_eaas.events import CATALOGUE

__all__ = ["chosen_environment"]


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
        who = "no extension" if extension_id is None else extension_id
        verb = "declares" if extension_id is None else "does not declare"
        raise RuleError(
            f"event_type: {who} {verb} {what or event_type}; what it declares is known once its runner connected: "
            "start its runner first."
        )
    connected = [one for one in found if one.status in ("connected", "running")]
    candidates = connected or found
    meant = sorted({one.extension_id for one in candidates})
    if len(meant) > 1:
        raise RuleError(f"extension_id: {event_type} goes to one extension; choose {' or '.join(meant)} (-x).")
    return candidates[0]
