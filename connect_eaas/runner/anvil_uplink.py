"""The connection of this process to an Anvil server, and the calls that come over it.

Anvil's library has one connection a process, blocks while it opens, and comes back by itself after a loss. It is driven
from one thread here, so that the event loop never waits for it. Importing this module does not import the library.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import logging
import queue
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

from connect_eaas.runner.log_records import CURRENT_TASK, TaskIdentity
from connect_eaas.runner.tracing_spans import Spans

__all__ = ["DEFAULT_URL", "AnvilCalls", "Uplink"]

DEFAULT_URL: Final = "wss://anvil.works/uplink"
_LONGEST_PAUSE_S: Final = 60.0
_log = logging.getLogger("connect.eaas.runner.anvil")


class AnvilCalls:
    """Calls in hand. Made on the event loop; the calls come from Anvil's threads.

    Args:
        spans: who traces.
    """

    def __init__(self, spans: Spans | None = None) -> None:
        self._spans = spans or Spans()
        self.finished = 0
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._running = 0
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        """How many calls are in hand."""
        return self._running

    def refuse(self) -> None:
        """Let no further call in."""
        with self._lock:
            self._stopping = True

    async def idle(self) -> None:
        """Wait until no call is in hand."""
        await self._idle.wait()

    def counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a method: counted, refused while stopping, and a coroutine run on the event loop."""

        @functools.wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            self._enter()
            # Lines of the log, the method's own too, are known by the call.
            known = CURRENT_TASK.set(TaskIdentity(uuid.uuid4().hex, "anvil_call", method.__name__))
            try:
                with self._spans.anvil_call(method.__name__):
                    result = method(*arguments, **options)
                    if inspect.iscoroutine(result):
                        # It runs in a copy of this context.
                        return asyncio.run_coroutine_threadsafe(result, self._loop).result()
                    return result
            except Exception:
                # Anvil tells the caller; here nobody else would.
                _log.exception("%s failed", method.__name__)
                raise
            finally:
                CURRENT_TASK.reset(known)
                self._leave()

        return call

    def _enter(self) -> None:
        with self._lock:
            if self._stopping:
                raise RuntimeError("the extension is stopping; call again in a moment")
            self._running += 1
        self._loop.call_soon_threadsafe(self._note)

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1
            self.finished += 1
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._note)

    def _note(self) -> None:
        if self._running:
            self._idle.clear()
        else:
            self._idle.set()


class Uplink:
    """Keeps Anvil's connection as it was last asked for.

    Args:
        url: of the Anvil server's uplink.
    """

    def __init__(self, url: str = DEFAULT_URL) -> None:
        self._url = url
        # What is wanted: a key and what to do before connecting with it, or None for no connection.
        self._wanted: queue.SimpleQueue[tuple[str, Callable[[], None]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def connect(self, key: str, prepare: Callable[[], None]) -> None:
        """Have the connection opened with this key, after ``prepare`` ran in the uplink's thread. Returns at once."""
        self._wanted.put((key, prepare))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="anvil-uplink", daemon=True)
            self._thread.start()

    def disconnect(self) -> None:
        """Have the connection closed. Returns at once."""
        if self._thread is not None:
            self._wanted.put(None)

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the connection was closed as asked; False if that takes longer."""
        return self._thread is None or self._closed.wait(timeout_s)

    def _work(self) -> None:
        pause: float | None = None
        wanted: tuple[str, Callable[[], None]] | None = None
        while True:
            try:
                wanted = self._wanted.get(timeout=pause)
                pause = None
            except queue.Empty:
                # The pause is over, and what is wanted is still the same.
                _log.info("trying to reach Anvil again")
            if wanted is None:
                self._disconnect()
                continue
            self._closed.clear()
            key, prepare = wanted
            try:
                prepare()
                _complete_tracing()
                importlib.import_module("anvil.server").connect(key, url=self._url, quiet=True)
            except Exception as error:
                pause = min((pause or 0.5) * 2, _LONGEST_PAUSE_S)
                _log.error("no connection to Anvil (%s: %s); trying again in %g s", type(error).__name__, error, pause)
            else:
                pause = None
                _log.info("the callables are offered to Anvil")

    def _disconnect(self) -> None:
        try:
            importlib.import_module("anvil.server").disconnect()
        except Exception as error:
            _log.warning("Anvil did not disconnect cleanly: %s", error)
        self._closed.set()


def _complete_tracing() -> None:
    """Give Anvil's library the tracer that it calls where OpenTelemetry is installed: for uplinks it makes none."""
    try:
        tracing = importlib.import_module("anvil_downlink_util.tracing.impl")
    except ImportError:
        return
    if tracing.get_anvil_tracer_provider() is None:
        tracing.set_internal_tracer_provider(importlib.import_module("opentelemetry.trace").NoOpTracerProvider())
