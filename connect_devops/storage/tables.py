"""The platform's tables. The form of a database is made by the migrations; a test compares both."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connect_devops.storage.columns import Instant, Json, Number

__all__ = [
    "FIRING",
    "PROCESSING",
    "WAITING",
    "WAITING_ALONE",
    "accounts",
    "api_keys",
    "attempts",
    "environments",
    "extension_products",
    "extensions",
    "installations",
    "instances",
    "metadata",
    "schedules",
    "sessions",
    "settings",
    "subscriptions",
    "tasks",
    "variables",
]

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

_ID: Final = String(64)


def _number() -> Column[int]:
    return Column("number", Number, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", _ID, nullable=False, unique=True)


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Instant, nullable=nullable)


def _environment() -> Column[str]:
    return Column("environment_id", _ID, ForeignKey("environments.id", ondelete="CASCADE"), nullable=False)


platforms = Table(
    "platforms",
    metadata,
    Column("id", _ID, primary_key=True),
    # Of the machine's time, which the platforms of one database share.
    _moment("heartbeat"),
)

settings = Table("settings", metadata, Column("key", String(64), primary_key=True), Column("value", Json))

accounts = Table(
    "accounts",
    metadata,
    _number(),
    _id(),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    _moment("created"),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    # Of 256 random bits a plain SHA-256 tells nothing, and it costs a request nothing.
    Column("digest", String(64), nullable=False),
    Column("installation_id", _ID),
    _moment("created"),
    _moment("revoked", nullable=True),
)

extensions = Table(
    "extensions",
    metadata,
    _number(),
    _id(),
    Column("type", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("icon", Text),
    Column("package_id", Text, unique=True),
    Column("hub_id", _ID),
    Column("hub_name", Text),
    Column("extension_id", _ID, nullable=False, unique=True),
    Column("owner_id", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("overview", Text),
    Column("short_description", Text),
    Column("website", Text),
    Column("category", Text),
    _moment("created"),
    _moment("updated"),
    sqlite_autoincrement=True,
)

extension_products = Table(
    "extension_products",
    metadata,
    Column("extension_id", _ID, ForeignKey("extensions.id", ondelete="CASCADE"), nullable=False),
    Column("product_id", _ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("extension_id", "product_id"),
)

environments = Table(
    "environments",
    metadata,
    _number(),
    _id(),
    Column("extension_id", _ID, ForeignKey("extensions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("type", String(16), nullable=False),
    Column("external_id", String(36), nullable=False, unique=True),
    Column("runtime", String(8), nullable=False),
    Column("status", String(16), nullable=False),
    Column("jwt_secret", Text, nullable=False),
    Column("git_url", Text),
    Column("git_tag", Text),
    Column("git_commit", Text),
    Column("git_username", Text),
    Column("git_password", Text),
    Column("log_level", String(8), nullable=False),
    Column("runner_log_level", String(8), nullable=False),
    Column("error_output", Text),
    Column("configuration_changed", Boolean(create_constraint=False), nullable=False),
    # What each application said: {application: {field: value}}.
    Column("declared", Json, nullable=False),
    Column("schedule_counter", Integer, nullable=False),
    Column("instance_counter", Integer, nullable=False),
    _moment("created"),
    _moment("updated"),
    sqlite_autoincrement=True,
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("event_type", String(128), nullable=False),
    _environment(),
    Column("statuses", Json, nullable=False),
    PrimaryKeyConstraint("event_type", "environment_id"),
)

instances = Table(
    "instances",
    metadata,
    Column("id", _ID, primary_key=True),
    _environment(),
    Column("container_id", String(256), nullable=False),
    _moment("created"),
    UniqueConstraint("environment_id", "container_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    _environment(),
    Column("instance_id", _ID, nullable=False),
    Column("container_id", String(256), nullable=False),
    Column("application", String(16), nullable=False),
    _moment("opened"),
    Column("platform_id", _ID),
    Index("ix_sessions_environment_id", "environment_id"),
)

variables = Table(
    "variables",
    metadata,
    _number(),
    _id(),
    _environment(),
    Column("name", String(256), nullable=False),
    Column("value", Text, nullable=False),
    Column("secure", Boolean(create_constraint=False), nullable=False),
    _moment("created"),
    _moment("updated"),
    UniqueConstraint("environment_id", "name"),
    sqlite_autoincrement=True,
)

schedules = Table(
    "schedules",
    metadata,
    _number(),
    _id(),
    _environment(),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("parameter", Json),
    Column("trigger_type", String(16), nullable=False),
    Column("trigger", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    _moment("created"),
    _moment("updated"),
    _moment("last_triggered", nullable=True),
    _moment("next_trigger", nullable=True),
    Index("ix_schedules_environment_id", "environment_id"),
    sqlite_autoincrement=True,
)
_FIRING: Final = text("status IN ('enabled', 'pending')")
FIRING: Final = text("schedules.status IN ('enabled', 'pending')")
Index("ix_schedules_due", schedules.c.next_trigger, sqlite_where=_FIRING, postgresql_where=_FIRING)

installations = Table(
    "installations",
    metadata,
    _number(),
    _id(),
    _environment(),
    Column("extension_id", _ID, nullable=False),
    Column("owner_id", _ID, ForeignKey("accounts.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("settings", Json),
    Column("comment", Text),
    Column("api_key", Text, nullable=False),
    _moment("installed"),
    _moment("updated"),
    _moment("uninstalled", nullable=True),
    Index("ix_installations_environment_id", "environment_id"),
    sqlite_autoincrement=True,
)

tasks = Table(
    "tasks",
    metadata,
    _number(),
    _id(),
    _environment(),
    Column("category", String(16), nullable=False),
    Column("event_type", String(128), nullable=False),
    Column("object_id", String(256), nullable=False),
    # Empty, not null, where there is none: nulls are never equal in a unique index.
    Column("installation_id", _ID, nullable=False),
    Column("data", Json),
    Column("trace", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    _moment("due", nullable=True),
    Column("assignee", _ID),
    Column("output", Text),
    Column("retry_count", Integer, nullable=False),
    # Tries since the last result other than «retry»: what the limit of ten counts.
    Column("retries_used", Integer, nullable=False),
    Column("rescheduled_count", Integer, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("runtime_total", Float, nullable=False),
    Column("processing_total", Float, nullable=False),
    Column("lease_id", String(32)),
    Column("session_id", _ID),
    _moment("expires", nullable=True),
    # Its session is gone; ``expires`` is the end of the grace.
    Column("orphaned", Boolean(create_constraint=False), nullable=False),
    _moment("created"),
    _moment("updated"),
    _moment("assigned", nullable=True),
    _moment("completed", nullable=True),
    _moment("rescheduled", nullable=True),
    Index("ix_tasks_environment", "environment_id", "number"),
    Index("ix_tasks_environment_status", "environment_id", "status", "number"),
    sqlite_autoincrement=True,
)
# Conditions in the very words of the partial indexes: with bound values a planner could not tell that they apply.
WAITING: Final = text("tasks.status IN ('scheduled', 'rescheduled', 'retrying')")
WAITING_ALONE: Final = text(
    "tasks.status IN ('scheduled', 'rescheduled', 'retrying') AND tasks.category <> 'interactive'"
)
PROCESSING: Final = text("tasks.status = 'processing'")
_WAITING: Final = text("status IN ('scheduled', 'rescheduled', 'retrying')")
_WAITING_ALONE: Final = text("status IN ('scheduled', 'rescheduled', 'retrying') AND category <> 'interactive'")
_PROCESSING: Final = text("status = 'processing'")
_c = tasks.c
Index(
    "ix_tasks_claim",
    _c.environment_id,
    _c.category,
    _c.due,
    _c.number,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
Index("ix_tasks_due", _c.due, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index(
    "uq_tasks_waiting",
    _c.environment_id,
    _c.event_type,
    _c.object_id,
    _c.installation_id,
    unique=True,
    sqlite_where=_WAITING_ALONE,
    postgresql_where=_WAITING_ALONE,
)
Index(
    "ix_tasks_busy",
    _c.environment_id,
    _c.event_type,
    _c.object_id,
    sqlite_where=_PROCESSING,
    postgresql_where=_PROCESSING,
)
Index("ix_tasks_session", _c.session_id, sqlite_where=_PROCESSING, postgresql_where=_PROCESSING)
Index("ix_tasks_expires", _c.expires, sqlite_where=_PROCESSING, postgresql_where=_PROCESSING)

attempts = Table(
    "attempts",
    metadata,
    _number(),
    Column("task_number", Number, ForeignKey("tasks.number", ondelete="CASCADE"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("lease_id", String(32), nullable=False, unique=True),
    Column("session_id", _ID, nullable=False),
    Column("instance_id", _ID),
    _moment("leased"),
    _moment("expires"),
    _moment("ended", nullable=True),
    Column("outcome", String(16)),
    Column("message", Text),
    Column("countdown", Integer),
    Column("runtime", Float),
    _moment("next", nullable=True),
    # The runner's whole answer: what an interactive caller gets, and what tells a repeated result from another one.
    Column("result", Json),
    Column("late_count", Integer, nullable=False),
    Column("late_result", String(16)),
    _moment("late_at", nullable=True),
    sqlite_autoincrement=True,
)
