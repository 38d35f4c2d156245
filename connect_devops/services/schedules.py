"""Schedules: when an environment's schedulable methods are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update

from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.domain.trigger import Trigger, parse_trigger
from connect_devops.ids import schedule_id as make_schedule_id
from connect_devops.services.context import Context
from connect_devops.services.environment import merged
from connect_devops.services.page import Page, Refine
from connect_devops.services.queue import NewTask, Queue, Submission
from connect_devops.services.signals import EnvironmentChanged
from connect_devops.storage.columns import Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import FIRING, WAITING_ALONE, environments, schedules, tasks
from connect_eaas.events import SCHEDULED

__all__ = ["SCHEDULED_EXECUTION", "Schedule", "Schedules", "retire_schedules"]

SCHEDULED_EXECUTION: Final = "scheduled_execution"
_LIMITS: Final = MappingProxyType({"name": 256, "description": 2048, "method": 256})
_GONE: Final = "The method {method} is no longer declared by the extension."


@dataclass(frozen=True)
class Schedule:
    """A schedule. ``trigger`` is in the form of the REST API, with times in UTC."""

    id: str
    environment_id: str
    environment_type: str
    name: str
    description: str
    method: str
    parameter: Any = field(repr=False)
    trigger: Mapping[str, Any]
    status: str
    reason: str | None
    created: datetime
    updated: datetime
    last_triggered: datetime | None
    next_trigger: datetime | None


class Schedules:
    """Rules: ``reference/devops-api.md`` 4.4."""

    columns: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
        {
            "id": schedules.c.id,
            "name": schedules.c.name,
            "description": schedules.c.description,
            "method": schedules.c.method,
            "status": schedules.c.status,
            "type": schedules.c.trigger_type,
            "events.created.at": schedules.c.created,
            "events.updated.at": schedules.c.updated,
            "events.last_triggered.at": schedules.c.last_triggered,
            "events.next_trigger.at": schedules.c.next_trigger,
        }
    )
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context, queue: Queue) -> None:
        self._context = context
        self._queue = queue

    def page(
        self, environment_id: str, *, refine: Refine | None = None, limit: int | None = None, offset: int = 0
    ) -> Page[Schedule]:
        """Schedules, oldest first unless ``refine`` orders them; with the total."""
        query = _joined().where(schedules.c.environment_id == environment_id)
        with self._context.store.reading() as transaction:
            rows, total = self._context.rows(transaction, query, [schedules.c.number], refine, limit, offset)
        return Page([_schedule(row) for row in rows], total)

    def get(self, environment_id: str, schedule_id: str) -> Schedule:
        """Raises NotFoundError if there is none."""
        query = _joined().where(schedules.c.environment_id == environment_id, schedules.c.id == schedule_id)
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("schedule", schedule_id)
        return _schedule(row)

    def create(self, environment_id: str, body: Mapping[str, Any]) -> Schedule:
        """Make a schedule from ``{name, method, description?, parameter?, trigger}``.

        Raises:
            NotFoundError: there is no such environment.
            ValidationError: with the field's path (``trigger.cron_expression``); the method must be declared.
        """
        errors = _check_texts(body, ("name", "method", "description"), required=("name", "method"))
        trigger = _trigger(body, errors)
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            declared = connection.execute(
                select(environments.c.declared).where(environments.c.id == environment_id)
            ).scalar_one_or_none()
            if declared is None:
                raise NotFoundError("environment", environment_id)
            methods = [item["method"] for item in merged(declared).schedulables]
            if isinstance(body.get("method"), str) and body["method"] not in methods:
                offered = f"It declares {', '.join(methods)}." if methods else "It declares none."
                errors.append(("method", f"The extension declares no schedulable {body['method']!r}. {offered}"))
            if errors or trigger is None:
                raise ValidationError(errors)
            now = self._context.clock.now()
            number = connection.execute(
                update(environments)
                .where(environments.c.id == environment_id)
                .values(schedule_counter=environments.c.schedule_counter + 1)
                .returning(environments.c.schedule_counter)
            ).scalar_one()
            schedule_id = make_schedule_id(environment_id, number)
            connection.execute(
                insert(schedules).values(
                    id=schedule_id,
                    environment_id=environment_id,
                    name=body["name"],
                    description=body.get("description") or "",
                    method=body["method"],
                    parameter=body.get("parameter", {}),
                    created=now,
                    reason=None,
                    **self._timing(transaction, trigger, now, None),
                )
            )
            self._context.publish(transaction, EnvironmentChanged(environment_id))
            return self.get(environment_id, schedule_id)

    def update(self, environment_id: str, schedule_id: str, body: Mapping[str, Any]) -> Schedule:
        """Change name, description, parameter or trigger; the method stays.

        Raises:
            NotFoundError, ValidationError.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id, schedule_id)
            errors = _check_texts(body, ("name", "description"))
            values: dict[str, Any] = {name: body[name] or "" for name in ("name", "description") if name in body}
            if "parameter" in body:
                values["parameter"] = body["parameter"]
            if "trigger" in body:
                trigger = _trigger(body, errors)
                if trigger is not None:
                    now = self._context.clock.now()
                    timing = self._timing(transaction, trigger, now, present.last_triggered)
                    if present.status in ("disabled", "obsolete"):
                        timing.update(status=present.status, next_trigger=None)
                    values.update(timing)
            if errors:
                raise ValidationError(errors)
            self._change(transaction, present, values)
            return self.get(environment_id, schedule_id)

    def delete(self, environment_id: str, schedule_id: str) -> None:
        """Delete it; a task of it that waits is given up.

        Raises:
            NotFoundError: there is no such schedule.
        """
        with self._context.store.transaction() as transaction:
            self.get(environment_id, schedule_id)
            waiting = transaction.connection.execute(
                select(tasks.c.id).where(
                    tasks.c.environment_id == environment_id,
                    tasks.c.event_type == SCHEDULED_EXECUTION,
                    tasks.c.object_id == schedule_id,
                    WAITING_ALONE,
                )
            ).scalars()
            for task_id in list(waiting):
                self._queue.cancel(task_id, f"The schedule {schedule_id} was deleted.")
            transaction.connection.execute(delete(schedules).where(schedules.c.id == schedule_id))
            self._context.publish(transaction, EnvironmentChanged(environment_id))

    def enable(self, environment_id: str, schedule_id: str) -> Schedule:
        """Let it fire again; times that passed while it was disabled do not count.

        Raises:
            NotFoundError: there is no such schedule.
            RuleError: it is obsolete.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id, schedule_id)
            _refuse_obsolete(present)
            if present.status == "disabled":
                now = self._context.clock.now()
                trigger = parse_trigger(present.trigger)
                self._change(transaction, present, self._timing(transaction, trigger, now, present.last_triggered))
            return self.get(environment_id, schedule_id)

    def disable(self, environment_id: str, schedule_id: str) -> Schedule:
        """Keep it from firing; tasks that exist go on.

        Raises:
            NotFoundError: there is no such schedule.
            RuleError: it is obsolete.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id, schedule_id)
            _refuse_obsolete(present)
            self._change(transaction, present, {"status": "disabled", "next_trigger": None})
            return self.get(environment_id, schedule_id)

    def trigger(self, environment_id: str, schedule_id: str) -> Submission:
        """Make its task now, whatever its times.

        Raises:
            NotFoundError: there is no such schedule.
            RuleError: it is obsolete.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id, schedule_id)
            _refuse_obsolete(present)
            self._change(transaction, present, {"last_triggered": self._context.clock.now()})
            return self._queue.submit(_task(environment_id, schedule_id))

    def fire_due(self) -> list[Submission]:
        """Make the task of every enabled schedule whose time has come; times missed meanwhile count once."""
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            due = transaction.connection.execute(
                _joined()
                .where(FIRING, schedules.c.next_trigger <= now)
                .order_by(schedules.c.next_trigger, schedules.c.number)
                .with_for_update(of=schedules, skip_locked=True)
            ).mappings()
            submissions = []
            for row in due.all():
                schedule = _schedule(row)
                submissions.append(self._queue.submit(_task(schedule.environment_id, schedule.id)))
                upcoming = parse_trigger(schedule.trigger).next_after(now, now)
                self._context.plan(transaction, upcoming)
                self._change(
                    transaction,
                    schedule,
                    {"status": "enabled", "last_triggered": now, "next_trigger": upcoming},
                    touch=False,
                )
            return submissions

    def _timing(
        self, transaction: Transaction, trigger: Trigger, now: datetime, last: datetime | None
    ) -> dict[str, Any]:
        upcoming = trigger.next_after(now, last)
        self._context.plan(transaction, upcoming)
        begins = trigger.begins
        body = trigger.as_json()
        return {
            "trigger_type": body["type"],
            "trigger": body,
            "status": "pending" if begins is not None and begins > now else "enabled",
            "next_trigger": upcoming,
            "updated": now,
        }

    def _change(
        self, transaction: Transaction, schedule: Schedule, values: Mapping[str, Any], *, touch: bool = True
    ) -> None:
        stamped = {"updated": self._context.clock.now(), **values} if touch else values
        transaction.connection.execute(update(schedules).where(schedules.c.id == schedule.id).values(**stamped))
        self._context.publish(transaction, EnvironmentChanged(schedule.environment_id))


def retire_schedules(context: Context, transaction: Transaction, environment_id: str, methods: Collection[str]) -> None:
    """Make the schedules of other methods obsolete, and those of declared methods that were obsolete live again.

    Args:
        context: the services' context.
        transaction: the running transaction.
        environment_id: whose schedules.
        methods: the methods that the extension declares now.
    """
    now = context.clock.now()
    query = _joined().where(schedules.c.environment_id == environment_id)
    for row in transaction.connection.execute(query).mappings().all():
        values: dict[str, Any]
        if row["method"] not in methods and row["status"] != "obsolete":
            values = {"status": "obsolete", "reason": _GONE.format(method=row["method"]), "next_trigger": None}
        elif row["method"] in methods and row["status"] == "obsolete":
            trigger = parse_trigger(row["trigger"])
            upcoming = trigger.next_after(now, row["last_triggered"])
            context.plan(transaction, upcoming)
            waits = trigger.begins is not None and trigger.begins > now
            values = {"status": "pending" if waits else "enabled", "reason": None, "next_trigger": upcoming}
        else:
            continue
        transaction.connection.execute(
            update(schedules).where(schedules.c.id == row["id"]).values(**values, updated=now)
        )


def _joined() -> Any:
    return select(schedules, environments.c.type.label("environment_type")).join_from(
        schedules, environments, environments.c.id == schedules.c.environment_id
    )


def _task(environment_id: str, schedule_id: str) -> NewTask:
    return NewTask(environment_id, SCHEDULED, SCHEDULED_EXECUTION, schedule_id)


def _schedule(row: Row) -> Schedule:
    return Schedule(**{name: row[name] for name in Schedule.__dataclass_fields__})


def _refuse_obsolete(schedule: Schedule) -> None:
    if schedule.status == "obsolete":
        raise RuleError(f"{schedule.id} is obsolete: {schedule.reason}")


def _trigger(body: Mapping[str, Any], errors: list[tuple[str, str]]) -> Trigger | None:
    try:
        return parse_trigger(body.get("trigger"))
    except ValidationError as error:
        errors.extend(error.errors)
        return None


def _check_texts(
    body: Mapping[str, Any], names: Collection[str], *, required: Collection[str] = ()
) -> list[tuple[str, str]]:
    errors: list[tuple[str, str]] = []
    for name in names:
        value = body.get(name)
        needed = name in required or (name == "name" and name in body)
        if needed and (not isinstance(value, str) or not value.strip()):
            errors.append((name, "This field may not be empty."))
        elif value is not None and not isinstance(value, str):
            errors.append((name, "This must be a text."))
        elif value is not None and len(value) > _LIMITS[name]:
            errors.append((name, f"This text may have at most {_LIMITS[name]} characters, it has {len(value)}."))
    return errors
