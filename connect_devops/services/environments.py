"""Environments: settings, sessions, what their runners declared, and the configuration that runners get."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update

from connect_devops.domain.environment import (
    LOG_LEVELS,
    MAX_JWT_SECRET,
    check_git,
    started,
    status_with_sessions,
    stopped,
    switch_runtime,
)
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.ids import environment_reference, instance_id
from connect_devops.services.context import Context
from connect_devops.services.environment import (
    APPLICATIONS,
    Application,
    Declared,
    Environment,
    Features,
    Git,
    Session,
    as_kept,
    environment_from,
)
from connect_devops.services.page import Page, Refine
from connect_devops.services.schedules import retire_schedules
from connect_devops.services.setup import configuration_of, create_missing_variables
from connect_devops.services.signals import ConfigurationChanged, EnvironmentChanged
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import (
    environments,
    extensions,
    instances,
    sessions,
    subscriptions,
)
from connect_eaas.protocol.messages import SetupRequest, SetupResponse

__all__ = ["APPLICATIONS", "Application", "Declared", "Environment", "Environments", "Features", "Git", "Session"]

_RUNTIMES: Final = ("local", "cloud")
_MAX_ERROR_OUTPUT: Final = 65_536


def _joined() -> Select[Any]:
    return select(
        environments,
        extensions.c.name.label("extension_name"),
        extensions.c.type.label("extension_type"),
        extensions.c.owner_id,
    ).join_from(environments, extensions, extensions.c.id == environments.c.extension_id)


class Environments:
    """Environments and their runners."""

    columns: Final[Mapping[str, ColumnElement[Any]]] = MappingProxyType(
        {
            "id": environments.c.id,
            "external_id": environments.c.external_id,
            "type": environments.c.type,
            "runtime": environments.c.runtime,
            "status": environments.c.status,
            "events.created.at": environments.c.created,
            "events.updated.at": environments.c.updated,
            "extension.id": environments.c.extension_id,
        }
    )
    """Columns by their REST names, for ``Refine``."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def get(self, reference: str, *, extension_id: str | None = None) -> Environment:
        """Find an environment by its id or its UUID, in that extension if one is given.

        Raises:
            NotFoundError: there is none.
        """
        key = environment_reference(reference)
        query = _joined().where(or_(environments.c.id == key, environments.c.external_id == key))
        if extension_id is not None:
            query = query.where(environments.c.extension_id == extension_id)
        with self._context.store.reading() as transaction:
            row = transaction.connection.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("environment", reference)
        return environment_from(row, self._context.secrets)

    def page(
        self,
        extension_id: str | None = None,
        *,
        refine: Refine | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> Page[Environment]:
        """Environments, of one extension if given; with the total."""
        query = _joined()
        if extension_id is not None:
            query = query.where(environments.c.extension_id == extension_id)
        with self._context.store.reading() as transaction:
            rows, total = self._context.rows(transaction, query, [environments.c.number], refine, limit, offset)
        return Page([environment_from(row, self._context.secrets) for row in rows], total)

    def of_extensions(self, extension_ids: Collection[str]) -> list[Environment]:
        """The environments of these extensions, development first."""
        query = _joined().where(environments.c.extension_id.in_(extension_ids)).order_by(environments.c.number)
        with self._context.store.reading() as transaction:
            rows = transaction.connection.execute(query).mappings().all()
        return [environment_from(row, self._context.secrets) for row in rows]

    def update(self, environment_id: str, changes: Mapping[str, Any]) -> Environment:
        """Change ``runtime``, ``jwt_secret``, ``git`` (url, tag, commit, auth) or ``error_output``; others are ignored.

        A ``git`` without ``auth`` keeps the credentials if the URL stays the same, and forgets them otherwise.

        Raises:
            NotFoundError: there is no such environment.
            ValidationError: a wrong value, with the field's path (``git.url``).
            RuleError: the mode is switched while the environment runs or is connected.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id)
            values: dict[str, Any] = {}
            errors: list[tuple[str, str]] = []
            if changes.get("runtime") is not None:
                if changes["runtime"] not in _RUNTIMES:
                    errors.append(("runtime", f"{changes['runtime']!r} is none of {', '.join(_RUNTIMES)}."))
                else:
                    values["status"] = switch_runtime(present.status, present.runtime, changes["runtime"])
                    values["runtime"] = changes["runtime"]
            if (secret := changes.get("jwt_secret")) is not None:
                if not isinstance(secret, str) or not 0 < len(secret) <= MAX_JWT_SECRET:
                    errors.append(("jwt_secret", f"A secret has 1 to {MAX_JWT_SECRET} characters."))
                else:
                    values["jwt_secret"] = self._context.secrets.encrypt(secret)
            if "git" in changes:
                git_values, git_errors = self._git(present, changes["git"])
                values.update(git_values)
                errors.extend(git_errors)
            if (output := changes.get("error_output")) is not None:
                if not isinstance(output, str):
                    errors.append(("error_output", "This must be a text."))
                else:
                    values["error_output"] = output.replace("\x00", "")[-_MAX_ERROR_OUTPUT:]
            if errors:
                raise ValidationError(errors)
            self._change(transaction, present.id, values)
            return self.get(present.id)

    def set_log_level(self, environment_id: str, level: str) -> Environment:
        """Set the level of the extension's logger (DEBUG, INFO, WARNING, ERROR) and tell connected runners.

        Raises:
            NotFoundError, ValidationError.
        """
        if level.upper() not in LOG_LEVELS:
            raise ValidationError.of("log_level", f"{level!r} is none of {', '.join(LOG_LEVELS)}.")
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id)
            self._change(transaction, present.id, {"log_level": level.upper()})
            self._context.publish(transaction, ConfigurationChanged(present.id))
            return self.get(present.id)

    def apply_configuration(self, environment_id: str) -> Environment:
        """Have connected runners get the variables as they are now (the button Apply Changes)."""
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id)
            self._change(transaction, present.id, {"configuration_changed": False})
            self._context.publish(transaction, ConfigurationChanged(present.id))
            return self.get(present.id)

    def start(self, environment_id: str) -> Environment:
        """Let an environment in Cloud mode run its tag. Only its state is kept here: no process is started.

        Raises:
            NotFoundError: there is no such environment.
            RuleError: it is in Local mode, has no repository and tag, or is busy.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id)
            status = started(present.status, present.runtime)
            if present.git is None or not present.git.tag:
                raise RuleError(f"{present.id}: set a repository and a tag first; that is what is started.")
            self._change(transaction, present.id, {"status": status, "configuration_changed": False})
            return self.get(present.id)

    def stop(self, environment_id: str) -> Environment:
        """End an environment in Cloud mode.

        Raises:
            NotFoundError: there is no such environment.
            RuleError: it is in Local mode.
        """
        with self._context.store.transaction() as transaction:
            present = self.get(environment_id)
            self._change(transaction, present.id, {"status": stopped(present.status, present.runtime)})
            return self.get(present.id)

    def open_session(
        self, environment_id: str, container_id: str, application: Application, *, session_id: str | None = None
    ) -> Session:
        """Record a new websocket; the environment becomes connected (Local mode) with its first one.

        The same ``container_id`` is the same instance, also after it was away.
        """
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            environment = self.get(environment_id)
            now = self._context.clock.now()
            query = select(instances.c.id).where(
                instances.c.environment_id == environment.id, instances.c.container_id == container_id
            )
            known = connection.execute(query).scalar_one_or_none()
            if known is None:
                number = connection.execute(
                    update(environments)
                    .where(environments.c.id == environment.id)
                    .values(instance_counter=environments.c.instance_counter + 1)
                    .returning(environments.c.instance_counter)
                ).scalar_one()
                known = instance_id(environment.id, number)
                connection.execute(
                    insert(instances).values(
                        id=known, environment_id=environment.id, container_id=container_id, created=now
                    )
                )
            session = Session(
                id=session_id or self._context.ids.uuid(),
                environment_id=environment.id,
                instance_id=known,
                container_id=container_id,
                application=application,
                opened=now,
            )
            connection.execute(insert(sessions).values(**vars(session), platform_id=self._context.platform_id))
            self._refresh_status(transaction, environment)
        return session

    def close_session(self, session_id: str) -> None:
        """Forget a websocket; the environment becomes disconnected with its last one. Unknown ones are ignored.

        Does not touch tasks: see ``Leases.release_session``.
        """
        with self._context.store.transaction() as transaction:
            environment_id = transaction.connection.execute(
                delete(sessions).where(sessions.c.id == session_id).returning(sessions.c.environment_id)
            ).scalar_one_or_none()
            if environment_id is not None:
                self._refresh_status(transaction, self.get(environment_id))

    def close_sessions_but_of(self, platform_ids: Collection[str]) -> list[str]:
        """Forget the websockets of all platforms but these: nobody else is alive. Returns those forgotten."""
        with self._context.store.transaction() as transaction:
            kept = sessions.c.platform_id.in_(platform_ids)
            closed = transaction.connection.execute(
                delete(sessions).where(or_(sessions.c.platform_id.is_(None), ~kept)).returning(sessions.c.id)
            ).scalars()
            found = list(closed)
            for key in transaction.connection.execute(
                select(environments.c.id).where(environments.c.status == "connected")
            ).scalars():
                self._refresh_status(transaction, self.get(key))
            return found

    def sessions(self, environment_id: str) -> list[Session]:
        """The open websockets of an environment, oldest first."""
        query = (
            select(sessions)
            .where(sessions.c.environment_id == environment_id)
            .order_by(sessions.c.opened, sessions.c.id)
        )
        with self._context.store.reading() as transaction:
            rows = transaction.connection.execute(query).mappings().all()
        return [Session(**{name: row[name] for name in Session.__dataclass_fields__}) for row in rows]

    def record_setup(self, environment_id: str, application: Application, setup: SetupRequest) -> Environment:
        """Take in what a runner declared: subscriptions, schedulables, variables, pages …

        A field that is None says nothing and leaves what other applications (or earlier sessions) said. Declared
        variables that do not exist are created with their initial value, never overwritten; schedules whose method is
        no longer declared become obsolete, and come back when it is declared again.
        """
        with self._context.store.transaction() as transaction:
            connection = transaction.connection
            present = self.get(environment_id)
            # The row is locked from here on where several platforms share the database.
            declared = connection.execute(
                select(environments.c.declared).where(environments.c.id == present.id).with_for_update()
            ).scalar_one()
            kept = {**declared, application: {**declared.get(application, {}), **as_kept(setup)}}
            if kept != declared:
                self._change(transaction, present.id, {"declared": kept})
            else:
                # Nothing new but the session itself: a runner that was started anew, perhaps with other code.
                self._context.publish(transaction, EnvironmentChanged(present.id))
            if setup.event_subscriptions is not None:
                connection.execute(delete(subscriptions).where(subscriptions.c.environment_id == present.id))
                if setup.event_subscriptions:
                    connection.execute(
                        insert(subscriptions),
                        [
                            {"event_type": event_type, "environment_id": present.id, "statuses": list(statuses)}
                            for event_type, statuses in setup.event_subscriptions.items()
                        ],
                    )
            if setup.variables:
                create_missing_variables(self._context, transaction, present.id, setup.variables)
            if setup.schedulables is not None:
                retire_schedules(
                    self._context, transaction, present.id, {declared.method for declared in setup.schedulables}
                )
            return self.get(present.id)

    def setup_configuration(self, environment_id: str) -> SetupResponse:
        """What a runner gets at the handshake and whenever the configuration changes: variables in clear,
        log levels, event definitions, names.
        """
        with self._context.store.reading() as transaction:
            return configuration_of(self._context, transaction, self.get(environment_id))

    def _git(self, present: Environment, git: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        names = ("git_url", "git_tag", "git_commit", "git_username", "git_password")
        if git is None:
            return dict.fromkeys(names), []
        if not isinstance(git, Mapping):
            return {}, [("git", "This must be an object with url, tag, commit and auth.")]
        errors = check_git(git.get("url"), git.get("tag"), git.get("commit"))
        values: dict[str, Any] = {f"git_{name}": git.get(name) for name in ("url", "tag", "commit")}
        auth = git.get("auth")
        if auth is None:
            if present.git is None or present.git.url != git.get("url"):
                values.update(git_username=None, git_password=None)
        elif not isinstance(auth, Mapping) or not all(
            isinstance(auth.get(name), str | None) for name in ("username", "password")
        ):
            errors.append(("git.auth", "This must be an object with the texts username and password."))
        else:
            values["git_username"] = auth.get("username")
            password = auth.get("password")
            values["git_password"] = self._context.secrets.encrypt(password) if password else None
        return values, errors

    def _refresh_status(self, transaction: Transaction, environment: Environment) -> None:
        count = transaction.connection.execute(
            select(func.count()).select_from(sessions).where(sessions.c.environment_id == environment.id)
        ).scalar_one()
        status = status_with_sessions(environment.status, environment.runtime, count)
        if status != environment.status:
            values: dict[str, Any] = {"status": status}
            if status == "connected":
                # A runner that starts gets the variables as they are.
                values["configuration_changed"] = False
            self._change(transaction, environment.id, values)

    def _change(self, transaction: Transaction, environment_id: str, values: Mapping[str, Any]) -> None:
        if not values:
            return
        transaction.connection.execute(
            update(environments)
            .where(environments.c.id == environment_id)
            .values(**values, updated=self._context.clock.now())
        )
        self._context.publish(transaction, EnvironmentChanged(environment_id))
