"""What is kept beside a task for people to look at: the API calls of its handler, and its object as it was."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from connect_devops.storage.columns import Instant, Json, Number
from connect_devops.storage.tables import metadata

__all__ = ["task_calls", "task_objects"]


def _task(**options: Any) -> Column[int]:
    return Column("task_number", Number, ForeignKey("tasks.number", ondelete="CASCADE"), nullable=False, **options)


task_calls: Final = Table(
    "task_calls",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    _task(),
    Column("at", Instant, nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("duration", Float, nullable=False),
    Index("ix_task_calls_task", "task_number", "number"),
    sqlite_autoincrement=True,
)

task_objects: Final = Table(
    "task_objects",
    metadata,
    _task(primary_key=True, autoincrement=False),
    Column("collection", String(64), nullable=False),
    Column("doc", Json, nullable=False),
)
