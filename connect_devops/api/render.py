"""Objects of the DevOps module as documents: the shapes of ``reference/devops-api.md`` section 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connect_devops.domain.account import Account
from connect_devops.services.environments import Environment, Git, Session
from connect_devops.services.extensions import Extension
from connect_devops.services.installations import Installation
from connect_devops.services.queue import Attempt, Task
from connect_devops.services.schedules import Schedule
from connect_devops.services.task_calls import TaskCall
from connect_devops.services.task_objects import TaskObject
from connect_devops.services.variables import Variable
from connect_eaas.events import BACKGROUND, CATALOGUE, INTERACTIVE

__all__ = [
    "account",
    "attempt",
    "capabilities",
    "environment",
    "environment_reference",
    "extension",
    "extension_reference",
    "installation",
    "schedule",
    "task",
    "variable",
]

Document = dict[str, Any]


def moment(value: datetime) -> str:
    """A moment as text, with its offset."""
    return value.isoformat()


def stamps(**moments: datetime | None) -> Document:
    """The ``events`` of an object; those that have not happened are left out."""
    return {name: {"at": moment(value)} for name, value in moments.items() if value is not None}


def account(value: Account) -> Document:
    """An account as others refer to it."""
    return {"id": value.id, "name": value.name, "role": value.role}


def git(value: Git | None) -> Document:
    """The repository of an environment: an object in any case, clients look into it."""
    if value is None:
        return {}
    document: Document = {"url": value.url, "tag": value.tag, "commit": value.commit}
    if value.username is not None:
        document["auth"] = {"username": value.username}
    return document


def extension(value: Extension) -> Document:
    """An extension with its environments in short."""
    document: Document = {
        "id": value.id,
        "type": value.type,
        "name": value.name,
        "description": value.description,
        "icon": value.icon,
        "package_id": value.package_id,
        "products": [{"id": product.id, "name": product.name, "icon": None} for product in value.products],
        "extension_id": value.extension_id,
        "owner": account(value.owner),
        "environments": {name: _environment_in_short(item) for name, item in value.environments.items()},
        "catalog_status": "private",
        "overview": value.overview or "",
        "short_description": value.short_description or "",
        "website": value.website or "",
        "category": value.category or "",
        "events": stamps(created=value.created, updated=value.updated),
    }
    if value.hub is not None:
        document["hub"] = {"id": value.hub.id, "name": value.hub.name}
    return document


def extension_reference(value: Environment, owner: Account) -> Document:
    """The extension of an environment, as others refer to it."""
    return {"id": value.extension_id, "name": value.extension_name, "owner": account(owner)}


def _environment_in_short(value: Environment) -> Document:
    return {
        "id": value.id,
        "type": value.type,
        "runtime": value.runtime,
        "external_id": value.external_id,
        "status": value.status,
        "git": git(value.git),
        "configuration_changed": value.configuration_changed,
        "ui_modules": dict(value.declared.ui_modules),
        "anvil_callables": [dict(item) for item in value.declared.anvil_callables] or None,
        "icon": value.declared.icon,
        **_links(value),
    }


def _links(value: Environment) -> Document:
    links = {"readme_url": value.declared.readme_url, "changelog_url": value.declared.changelog_url}
    return {name: link for name, link in links.items() if link is not None}


def environment_reference(value: Environment, owner: Account) -> Document:
    """An environment as tasks, schedules and installations refer to it."""
    return {
        "id": value.id,
        "type": value.type,
        "icon": value.declared.icon,
        "extension": extension_reference(value, owner),
        "ui_modules": dict(value.declared.ui_modules),
        "hostname": value.hostname,
        "domain": value.domain,
        "git": git(value.git),
        "runtime": value.runtime,
    }


def environment(
    value: Environment, owner: Account, *, sessions: Sequence[Session], variables: Iterable[Variable]
) -> Document:
    """An environment with all that its details screen shows."""
    return {
        **_environment_in_short(value),
        "schedulables": [dict(item) for item in value.declared.schedulables],
        "capabilities": capabilities(value),
        "resources": {"cpu": 1, "memory": 1},
        "features": {name: bool(flag) for name, flag in vars(value.features).items()},
        "jwt_secret": value.jwt_secret,
        "log_level": value.log_level,
        "hostname": value.hostname,
        "domain": value.domain,
        "configuration": {variable.name: variable.value for variable in variables},
        "error_output": value.error_output,
        "instances": _instances(value, sessions),
        "extension": extension_reference(value, owner),
        "runner_version": value.declared.runner_version,
        "events": stamps(created=value.created, updated=value.updated),
    }


def _instances(value: Environment, sessions: Sequence[Session]) -> list[Document]:
    """One entry for each process; its sessions are of no interest here."""
    first: dict[str, Session] = {}
    for session in sessions:
        first.setdefault(session.instance_id, session)
    return [
        {
            "id": session.instance_id,
            "container_id": session.container_id,
            "runtime": value.runtime,
            "status": "connected",
            "events": stamps(created=session.opened),
        }
        for session in first.values()
    ]


def capabilities(value: Environment) -> list[Document]:
    """Every event that the extension's type may subscribe to, and what the runner subscribed to.

    Groups and labels: ``reference/event-types.md`` section 5.
    """
    subscribed = value.declared.event_subscriptions
    found = []
    for event in CATALOGUE.values():
        if event.category not in (BACKGROUND, INTERACTIVE) or value.extension_type not in event.extension_types:
            continue
        document: Document = {
            "id": event.type,
            "label": event.name.removesuffix(" Validation"),
            "group": {"id": event.group.lower().replace(" ", "_"), "label": event.group},
            "category": _capability_category(event.group, event.category),
            "enabled": event.type in subscribed,
        }
        if event.statuses:
            chosen = subscribed.get(event.type, ())
            document["statuses"] = {status: status in chosen for status in event.statuses}
        found.append(document)
    return found


def _capability_category(group: str, category: str) -> str:
    if group not in ("Subscription", "Tier Config"):
        return ""
    return "processing" if category == BACKGROUND else "validation"


def variable(value: Variable) -> Document:
    """A variable; the services mask secured values already."""
    return {
        "id": value.id,
        "name": value.name,
        "value": value.value,
        "secure": value.secure,
        "events": stamps(created=value.created, updated=value.updated),
    }


def schedule(value: Schedule, reference: Mapping[str, Any]) -> Document:
    """A schedule; ``reference`` is its environment's."""
    return {
        "id": value.id,
        "name": value.name,
        "description": value.description,
        "method": value.method,
        "parameter": value.parameter,
        "trigger": dict(value.trigger),
        "environment": dict(reference),
        "status": value.status,
        "reason": value.reason,
        "events": stamps(
            created=value.created,
            updated=value.updated,
            last_triggered=value.last_triggered,
            next_trigger=value.next_trigger,
        ),
    }


def task(value: Task, reference: Mapping[str, Any], owner: Account) -> Document:
    """A task; ``reference`` is its environment's."""
    document: Document = {
        "id": value.id,
        "object": {"id": value.object_id, "type": value.event_type, "category": value.category},
        "assignee": value.assignee,
        "status": value.status,
        "output": value.output,
        "environment": dict(reference),
        "owner": account(owner),
        "events": stamps(
            created=value.created,
            updated=value.updated,
            assigned=value.assigned,
            completed=value.completed,
            rescheduled=value.rescheduled,
        ),
        "retry_count": value.retry_count,
        "rescheduled_count": value.rescheduled_count,
        "runtime_total": value.runtime_total,
        "processing_total": value.processing_total,
        # Ours: when it may be delivered (again), and how often it was.
        "due": None if value.due is None else moment(value.due),
        "attempt_count": value.attempt_count,
    }
    if value.installation_id is not None:
        document["installation"] = {"id": value.installation_id}
    return document


def attempt(value: Attempt) -> Document:
    """One delivery of a task and what came of it."""
    return {
        "number": value.number,
        "lease": value.lease_id,
        "session": value.session_id,
        "instance": value.instance_id,
        "outcome": value.outcome,
        "message": value.message,
        "countdown": value.countdown,
        "runtime": value.runtime,
        "next": None if value.next is None else moment(value.next),
        "events": stamps(leased=value.leased, expires=value.expires, ended=value.ended),
        "late": None
        if value.late_at is None
        else {"count": value.late_count, "result": value.late_result, "at": moment(value.late_at)},
    }


def task_call(value: TaskCall) -> Document:
    """A call of a handler; ``duration`` in seconds."""
    return {
        "at": moment(value.at),
        "attempt": value.attempt,
        "method": value.method,
        "path": value.path,
        "status": value.status,
        "duration": value.duration,
    }


def task_object(value: TaskObject) -> Document:
    """The object of a task as it was when the task was made, as it is now, and what differs."""
    return {
        "was": value.was,
        "now": value.now,
        "changes": [{"path": change.path, "was": change.was, "now": change.now} for change in value.changes],
    }


def installation(value: Installation, reference: Mapping[str, Any]) -> Document:
    """An installation; ``reference`` is its environment's."""
    return {
        "id": value.id,
        "environment": dict(reference),
        "owner": account(value.owner),
        "settings": value.settings,
        "status": value.status,
        "comment": value.comment,
        "events": stamps(installed=value.installed, updated=value.updated, uninstalled=value.uninstalled),
    }
