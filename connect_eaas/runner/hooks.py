"""The application's life-cycle hooks, ``on_startup`` and ``on_shutdown``: class methods, each called once in a run.

Facts: ``reference/websocket-protocol.md`` section 8.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping

from connect_eaas.applications import AnvilApplicationBase, TransformationsApplicationBase, WebApplicationBase
from connect_eaas.runner import execution, outcome
from connect_eaas.runner.execution import Raised, TimedOut
from connect_eaas.runner.threads import ThreadPool

__all__ = ["run_hook"]

_log = logging.getLogger("connect.eaas.runner")


async def run_hook(application: type, name: str, config: Mapping[str, object], *, limit_s: float) -> bool:
    """Call the hook if the class has it; a coroutine on the loop, a plain method in a thread.

    Returns:
        False if it raised or took too long, which is logged; True otherwise.
    """
    hook = getattr(application, name, None)
    if hook is None:
        return True
    where = f"{application.__name__}.{name}"
    if not inspect.ismethod(hook):
        _log.warning("%s is not called: make it a @classmethod", where)
        return True
    pool = ThreadPool(1, name=name)
    run = execution.start(hook, logging.getLogger(_logger_name(application)), dict(config), pool=pool)
    try:
        ended = await run.wait(limit_s)
    finally:
        pool.close()
    if isinstance(ended, TimedOut):
        _log.error("%s took longer than %g s", where, limit_s)
        return False
    if isinstance(ended, Raised):
        _log.error("%s raised\n%s", where, outcome.trace_of(ended.error))
        return False
    return True


def _logger_name(application: type) -> str:
    """The logger of the application's kind."""
    for base, kind in (
        (WebApplicationBase, "webapp"),
        (AnvilApplicationBase, "anvilapp"),
        (TransformationsApplicationBase, "tfnapp"),
    ):
        if issubclass(application, base):
            return f"eaas.{kind}"
    return "eaas.eventsapp"
