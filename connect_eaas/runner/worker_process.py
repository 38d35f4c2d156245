"""The main function of a worker process: load one application, report it, and serve one kind of session.

The author's code is imported here and nowhere else, so the supervisor stays small, has no threads of anybody's, and can
start fresh workers as often as the code changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from connect_eaas import inflection
from connect_eaas.declarations import DeclarationError, Declarations
from connect_eaas.runner import console
from connect_eaas.runner.control import (
    Connected,
    Drained,
    Ended,
    FromWorker,
    Go,
    HookAsked,
    HookEnded,
    Loaded,
    Refused,
    ShutDown,
    StartUp,
    StopAsked,
    StopNow,
    StopPlease,
    WorkerSpec,
)
from connect_eaas.runner.errors import ExtensionError, RunnerError
from connect_eaas.runner.extension import load_application
from connect_eaas.runner.features import tables_of
from connect_eaas.runner.kinds import KINDS
from connect_eaas.runner.metrics import Board, Meter
from connect_eaas.runner.state_dir import Slot
from connect_eaas.runner.stop import Stop
from connect_eaas.runner.tracing_spans import open_spans

__all__ = ["run_worker"]

_ORPHAN_GRACE_S: Final = 1.0
_ORPHAN_LIMIT_S: Final = 5.0
_YOUNG_OBJECTS: Final = 10_000
"""New objects after which the garbage collector looks for cycles. Python's own 700 come with every fifty tasks, and a
look at all objects, of which 1,000 tasks in hand have many, stops the loop for milliseconds."""
_T = TypeVar("_T")
_log = logging.getLogger("connect.eaas.runner")


def run_worker(spec: WorkerSpec, connection: Connection[Any, Any]) -> int:
    """Load the application, wait for the supervisor's word, and serve until the stop.

    Returns:
        The exit status: 0 after a stop in order, even if that came before the start.
    """
    console.configure_logging(spec.logs, worker=spec.kind)
    os.environ.update(spec.variables)
    # Before the author's module, which will import the client too: it costs a fraction that way.
    inflection.import_client()
    try:
        declarations = _declarations(spec)
    except RunnerError as error:
        _send(connection, Refused(str(error), error.exit_status))
        return error.exit_status
    _send(connection, Loaded(KINDS[spec.kind].application, tables_of(declarations)))
    try:
        word = connection.recv()
    except (EOFError, OSError):
        return 0
    if not isinstance(word, Go):
        return 0
    return _run(_Process(spec, declarations, connection, word.death).serve())


def _declarations(spec: WorkerSpec) -> Declarations:
    application = load_application(KINDS[spec.kind].application, spec.reference, source=spec.source)
    try:
        if spec.validate:
            return Declarations.of(application)
        declarations, problems = Declarations.inspect(application)
    except DeclarationError as error:
        listed = "\n".join(f"  {line}" for line in map(str, error.problems))
        raise ExtensionError(f"the declarations of {spec.reference} are wrong:\n{listed}") from error
    for item in problems:
        _log.warning("not validated: %s", item)
    return declarations


class _Process:
    """A worker, and its conversation with the supervisor."""

    def __init__(
        self, spec: WorkerSpec, declarations: Declarations, connection: Connection[Any, Any], death: str | None
    ) -> None:
        self._spec = spec
        # How the process before this one died.
        self._death = death
        self._declarations = declarations
        self._connection = connection
        # True once the supervisor knows that this worker stops, or need not be told.
        self._expected = False
        # True once the supervisor is gone.
        self._orphan = False
        self._ended = threading.Event()

    async def serve(self) -> int:
        from connect_eaas.runner.worker import Worker

        spec, self._stop = self._spec, Stop()
        spans = open_spans(os.environ, worker=spec.kind, version=spec.version)
        loop = asyncio.get_running_loop()
        self._start_up: asyncio.Future[StartUp] = loop.create_future()
        self._shut_down: asyncio.Future[ShutDown] = loop.create_future()
        slot = Slot(spec.slot, -1) if spec.slot is not None else None
        worker = Worker(
            spec.settings,
            self._declarations,
            instance_id=spec.instance_id,
            version=spec.version,
            slot=slot,
            debug=spec.logs.debug,
            stop=self._stop,
            kinds=(spec.kind,),
            turns=self,
            connected=lambda _: self._send(Connected()),
            meter=_meter(spec),
            spans=spans,
            death=self._death,
        )
        if sys.platform != "win32":
            loop.add_signal_handler(signal.SIGTERM, self._signalled)
        threading.Thread(target=self._listen, args=(loop,), name="supervisor", daemon=True).start()
        telling = loop.create_task(self._tell_of_stop())
        try:
            report = await worker.run()
        except RunnerError as error:
            self._send(Refused(str(error), error.exit_status))
            return error.exit_status
        finally:
            telling.cancel()
            await asyncio.to_thread(spans.close)
            self._ended.set()
        forced = self._stop.forced.is_set()
        self._send(Ended(report, forced))
        if self._orphan:
            _log.info("%s", report)
        return 1 if forced else 0

    async def start_up(self, call: Any) -> bool:
        """`Turns`: the supervisor knows whose turn it is."""
        try:
            return await self._called(call)
        finally:
            # What was made until now stays: the collector need not look at it again and again.
            gc.freeze()
            gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])

    async def _called(self, call: Any) -> bool:
        self._send(HookAsked())
        answer = await self._start_up
        if answer.turn != "call":
            return answer.turn == "called"
        well = bool(await call("on_startup"))
        self._send(HookEnded(well))
        return well

    async def shut_down(self, call: Any, *, started: bool) -> None:
        """`Turns`: one of the workers calls the hook, when all of them are done."""
        self._send(Drained())
        if (await self._shut_down).call and started:
            await call("on_shutdown")

    async def _tell_of_stop(self) -> None:
        await self._stop.requested.wait()
        if self._stop.error is not None:
            self._send(Refused(str(self._stop.error), self._stop.error.exit_status))
        elif not self._expected:
            self._send(StopAsked(self._stop.reason or ""))

    def _signalled(self) -> None:
        """Somebody stops this process alone; the supervisor will replace it."""
        self._expected = True
        self._stop.signal("SIGTERM")

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Carry the supervisor's words to the loop. In a thread of its own, as the loop may be blocked by a handler."""
        with contextlib.suppress(RuntimeError):  # The loop may be closed already.
            try:
                while True:
                    loop.call_soon_threadsafe(self._act, self._connection.recv())
            except (EOFError, OSError):
                loop.call_soon_threadsafe(self._orphaned, loop)
        if not self._ended.wait(_ORPHAN_LIMIT_S):
            os._exit(1)

    def _act(self, word: object) -> None:
        if isinstance(word, StartUp):
            _answer(self._start_up, word)
        elif isinstance(word, ShutDown):
            _answer(self._shut_down, word)
        elif isinstance(word, StopPlease):
            self._expected = True
            self._stop.request(word.reason)
        elif isinstance(word, StopNow):
            self._expected = True
            self._stop.request("stopped at once")
            self._stop.forced.set()

    def _orphaned(self, loop: asyncio.AbstractEventLoop) -> None:
        """Without a supervisor nobody would stop us: say good-bye and end."""
        self._expected = self._orphan = True
        self._stop.request("the starting process has ended")
        loop.call_later(_ORPHAN_GRACE_S, self._stop.forced.set)

    def _send(self, message: FromWorker) -> None:
        _send(self._connection, message)


def _meter(spec: WorkerSpec) -> Meter:
    """Called only once the processes before this one have ended, so that no two count in one file."""
    if spec.metrics is None:
        return Meter()
    try:
        board = Board(spec.metrics)
    except OSError as error:
        _log.warning("nothing is counted: %s", error)
        return Meter()
    board.clear_gauges()
    return board


def _send(connection: Connection[Any, Any], message: FromWorker) -> None:
    with contextlib.suppress(OSError):  # Nobody listens any more; `_listen` sees that too.
        connection.send(message)


def _answer(waiting: asyncio.Future[_T], word: _T) -> None:
    if not waiting.done():
        waiting.set_result(word)


def _run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)
