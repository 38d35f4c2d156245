"""The test kit for authors: pytest plugin, clients, task harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connect_eaas.testing.tasks import TaskOutcome as TaskOutcome
    from connect_eaas.testing.tasks import run_task as run_task
    from connect_eaas.testing.tasks import run_task_async as run_task_async
    from connect_eaas.testing.transformations import TransformedRow as TransformedRow
    from connect_eaas.testing.transformations import read_sheet as read_sheet
    from connect_eaas.testing.transformations import transform_rows as transform_rows
    from connect_eaas.testing.transformations import transform_sheet as transform_sheet
    from connect_eaas.testing.transformations import write_sheet as write_sheet
    from connect_eaas.testing.web import WebAppTestClient as WebAppTestClient


def __getattr__(name: str) -> Any:
    # pytest imports this package at its start, in every project of the environment: so nothing more is loaded by then.
    if name in ("TaskOutcome", "run_task", "run_task_async"):
        from connect_eaas.testing import tasks

        return getattr(tasks, name)
    if name in ("TransformedRow", "read_sheet", "transform_rows", "transform_sheet", "write_sheet"):
        from connect_eaas.testing import transformations

        return getattr(transformations, name)
    if name == "WebAppTestClient":
        from connect_eaas.testing import web

        return web.WebAppTestClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
