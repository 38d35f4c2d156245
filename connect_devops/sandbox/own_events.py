"""Triggers of the events that are about the platform's own objects: installations and schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox.choosing import chosen_environment
from connect_devops.sandbox.paths import set_value
from connect_devops.sandbox.world import World
from connect_devops.services.queue import Submission
from connect_eaas.events import CATALOGUE

__all__ = ["OWN_EVENTS", "Happened", "Wish"]

_INSTALLATION: Final = "installation_status_change"
_SCHEDULED: Final = "scheduled_execution"
# A schedule that is triggered by hand only still needs a time; it is disabled long before.
_NEVER: Final = timedelta(days=365)


@dataclass(frozen=True)
class Wish:
    """What somebody wants to happen, as the body of a trigger says it."""

    status: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    extension_id: str | None = None


@dataclass(frozen=True)
class Happened:
    """The object that an event was about, and its tasks."""

    object: dict[str, Any]
    tasks: tuple[Submission, ...]
    notes: tuple[str, ...] = ()


def change_installation(world: World, wish: Wish) -> Happened:
    """Install the extension for the platform's owner or end its installation, as ``status`` says (``installed``).

    An installation that has the status already is told to the extension once more.

    Raises:
        ValidationError: the status is none of an installation's, or fields are to be changed.
        RuleError: no extension can be installed, or it was never installed.
    """
    statuses = CATALOGUE[_INSTALLATION].statuses
    status = wish.status or "installed"
    if status not in statuses:
        raise ValidationError.of(
            "status", f"'{status}' is no status of {_INSTALLATION} (possible: {', '.join(statuses)})."
        )
    if wish.changes:
        raise ValidationError.of("set", "An installation is the platform's own object; only its status can be chosen.")
    with world.services.store.transaction():
        environment = chosen_environment(
            world,
            _INSTALLATION,
            wish.extension_id,
            lambda one: _INSTALLATION in one.declared.event_subscriptions,
            without="has no installations",
        )
        installations, owner = world.services.installations, world.services.accounts.owner()
        if owner is None:
            raise RuleError("The platform has no account of its own.")
        before = [
            one
            for one in installations.page(extension_id=environment.extension_id, owner_id=owner.id).items
            if one.environment_id == environment.id
        ]
        present = next((one for one in before if one.status == "installed"), None)
        if status == "installed":
            changed = installations.install(environment.id, owner.id)
        elif present is not None:
            changed = installations.uninstall(present.id)
        elif before:
            changed = before[-1]
        else:
            raise RuleError(f"status: {environment.extension_id} is not installed, so nothing can be uninstalled.")
        # What the change itself made is the same waiting task: an object and an event have one.
        tasks = world.services.events.object_changed(_INSTALLATION, changed.id, status, installation_id=changed.id)
        shown = {
            "id": changed.id,
            "status": changed.status,
            "environment": {"id": environment.id, "type": environment.type},
            "owner": {"id": changed.owner.id, "name": changed.owner.name},
            "settings": changed.settings,
        }
        notes = () if tasks else (f"No task: {environment.extension_id} has not subscribed to '{status}'.",)
        return Happened(shown, tuple(tasks), notes)


def run_schedule(world: World, wish: Wish) -> Happened:
    """Run a schedulable method now: by its schedule, or by one made for that, which never fires by itself.

    ``changes`` may name the ``method`` (by default the first one that is declared) and a ``parameter``, or its fields.

    Raises:
        ValidationError: another field is to be changed, or there is no such method.
        RuleError: no extension declares a schedulable method.
    """
    wanted = _wanted(wish.changes)
    if wish.status is not None:
        raise ValidationError.of("status", "The event has no statuses.")
    with world.services.store.transaction():
        environment = chosen_environment(
            world,
            _SCHEDULED,
            wish.extension_id,
            lambda one: bool(one.declared.schedulables),
            what="a schedulable method",
        )
        schedules = world.services.schedules
        method = wanted.get("method", environment.declared.schedulables[0]["method"])
        usable = [
            one
            for one in schedules.page(environment.id).items
            if one.method == method
            and one.status != "obsolete"
            and ("parameter" not in wanted or one.parameter == wanted["parameter"])
        ]
        if usable:
            schedule = usable[0]
        else:
            moment = (world.services.clock.now() + _NEVER).isoformat()
            body = {
                "name": f"{method} by hand",
                "method": method,
                "parameter": wanted.get("parameter", {}),
                "trigger": {"type": "onetime", "date": moment},
            }
            made = schedules.create(environment.id, body)
            schedule = schedules.disable(environment.id, made.id)
        task = schedules.trigger(environment.id, schedule.id)
        shown = {"id": schedule.id, "name": schedule.name, "method": schedule.method, "parameter": schedule.parameter}
        return Happened({**shown, "status": schedule.status}, (task,))


def _wanted(changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for path, value in changes.items():
        name = path.partition(".")[0]
        if path != "method" and name != "parameter":
            raise ValidationError.of(
                f"set.{path}",
                "Of a schedule only 'method' and 'parameter' (parameter.NAME for one field) can be chosen.",
            )
        set_value(wanted, path, value)
    return wanted


OWN_EVENTS: Final[Mapping[str, Callable[[World, Wish], Happened]]] = {
    _INSTALLATION: change_installation,
    _SCHEDULED: run_schedule,
}
"""Events that no sample is made for, because the platform itself has their objects."""
