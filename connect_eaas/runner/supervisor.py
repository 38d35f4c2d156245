"""The parent of all processes: starts them, replaces those that die, stops them together, and reloads the code.

It imports what all of them need, nothing of the extension, and has neither threads nor an event loop: so it can fork at
any time, and has little that could fail. It waits for its pipes, for signals, and for the time of the next thing to do.

========  =====================================================================================
SIGINT    stop in phases; a second one: now
SIGTERM   the same
SIGHUP    load the extension anew; the running code is kept if the new one is wrong. Where the
          input is a terminal it means that the terminal is gone: stop
========  =====================================================================================
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from connect_eaas.runner import console
from connect_eaas.runner.check_process import run_check
from connect_eaas.runner.child_process import Child, Closable, forks, freeze_memory, start_child
from connect_eaas.runner.control import Changed, WorkerSpec
from connect_eaas.runner.crew import Crew, CrewState
from connect_eaas.runner.errors import RunnerError
from connect_eaas.runner.metrics_export import serve_metrics
from connect_eaas.runner.metrics_service import MetricsService
from connect_eaas.runner.reload import WatchSpec, watch_project
from connect_eaas.runner.start_up_tables import StartUpTables
from connect_eaas.runner.worker_process import run_worker

if TYPE_CHECKING:
    from connect_eaas.runner.options import Options, Reading

__all__ = ["Supervisor"]

_log = logging.getLogger("connect.eaas.runner.supervisor")


class Supervisor:
    """Runs the project.

    Args:
        options: what was asked for.
        read: reads settings and entry points; is given the reading before.
        project: the extension's directory.
        version: of the runner.
    """

    def __init__(
        self, options: Options, read: Callable[[Reading | None], Reading], *, project: Path, version: str
    ) -> None:
        self._options = options
        self._read = read
        self._project = project
        self._version = version
        self._fork = forks(os.environ)
        self._reading: Reading | None = None
        # The crew that serves or is about to; None while there is none because the code is wrong.
        self._crew: Crew | None = None
        # The crew that takes over as soon as it is loaded and the one before has ended.
        self._next: Crew | None = None
        self._watcher: Child | None = None
        # When the project was read first; changes from then on count.
        self._begun_ns = 0
        # None unless a port for metrics was asked for; made with the first reading, and kept over reloads.
        self._metrics: MetricsService | None = None
        self._tables = StartUpTables(rich=options.rich and sys.stdout.isatty())
        # When the reload began that goes on.
        self._reload_begun = 0.0
        self._signals: deque[str] = deque()
        # True once the runner is to end; its status, when it is known before.
        self._stopping = False
        self._status: int | None = None
        self._connected = False
        # True if the code is wrong and nothing runs, or will soon; said once all is quiet.
        self._waiting = False

    def run(self) -> int:
        """Run until the stop.

        Returns:
            The exit status.

        Raises:
            RunnerError: the settings or the project are wrong at the start.
        """
        with self._woken_by_signals() as bell:
            try:
                self._begin()
                while not self._done():
                    self._wait(bell)
            finally:
                self._end()
        return self._status or 0

    def _begin(self) -> None:
        self._begun_ns = time.time_ns()
        try:
            self._reading = self._read(None)
        except RunnerError as error:
            if not self._options.reload or error.exit_status == 2:
                raise
            self._prepare()
            self._watch()
            self._complain(str(error))
            self._move_on()
            return
        self._serve_metrics(self._reading)
        self._prepare()
        if not self._options.check:
            _log.info(
                "connect-extension-sdk %s serves %s as instance %s, process %d",
                self._version,
                self._reading.settings.environment_id,
                self._reading.specs[0].instance_id,
                os.getpid(),
            )
        self._crew = self._new_crew(self._reading)
        if self._options.reload:
            self._watch()

    def _prepare(self) -> None:
        """Import what all processes need, once."""
        if self._fork:
            from connect_eaas.runner import preloaded

            preloaded.load([spec.kind for spec in self._reading.specs] if self._reading is not None else ())
            freeze_memory()

    def _serve_metrics(self, reading: Reading) -> None:
        settings = reading.settings
        if self._metrics is None and settings.metrics_port is not None and not self._options.check:
            self._metrics = MetricsService(
                settings.metrics_host, settings.metrics_port, version=self._version, logs=self._options.logs
            )

    def _watch(self) -> None:
        self._watcher = self._start(watch_project, WatchSpec(self._project, self._options.logs, self._begun_ns))

    def _new_crew(self, reading: Reading) -> Crew:
        spec = reading.check
        check = None if spec is None else lambda: self._start(run_check, spec)
        specs = reading.specs
        if self._metrics is not None:
            specs = tuple(dataclasses.replace(spec, metrics=self._metrics.boards / spec.kind) for spec in specs)
            if self._crew is None:
                # Else it waits until the new code goes: it may prove wrong, and the old go on.
                self._metrics.expect(spec.kind for spec in specs)
        crew = Crew(specs, start=self._start_worker, clock=time.monotonic, check=check, lost=self._note_lost)
        crew.start()
        return crew

    def _note_lost(self, kind: str, replaced: bool) -> None:
        if self._metrics is not None:
            self._metrics.worker_ended(kind, replaced=replaced)

    def _start_worker(self, spec: WorkerSpec) -> Child:
        return self._start(run_worker, spec)

    def _start(self, main: Callable[..., int], spec: object) -> Child:
        crews = [crew for crew in (self._crew, self._next) if crew is not None]
        held: list[Closable] = [connection for crew in crews for connection in crew.connections]
        if self._watcher is not None:
            held.append(self._watcher.connection)
        if self._metrics is not None and self._metrics.connection is not None:
            held.append(self._metrics.connection)
        if self._metrics is not None and main is not serve_metrics:
            held.append(self._metrics.listener)
        return start_child(main, spec, fork=self._fork, not_for_child=held)

    def _done(self) -> bool:
        return self._stopping and self._crew is None and self._next is None

    def _wait(self, bell: socket.socket) -> None:
        crews = [crew for crew in (self._crew, self._next) if crew is not None]
        connections = [connection for crew in crews for connection in crew.connections]
        sentinels = [sentinel for crew in crews for sentinel in crew.sentinels]
        others = [self._watcher.connection] if self._watcher is not None else []
        metrics = self._metrics.connection if self._metrics is not None else None
        if metrics is not None:
            others.append(metrics)
        dues = [crew.next_due for crew in crews if crew.next_due is not None]
        if self._metrics is not None and self._metrics.due is not None:
            dues.append(self._metrics.due)
        limit = max(min(dues) - time.monotonic(), 0.0) if dues else None
        ready = wait([bell, *connections, *sentinels, *others], limit)
        if bell in ready:
            with contextlib.suppress(BlockingIOError):
                bell.recv(4096)
        while self._signals:
            self._signalled(self._signals.popleft())
        if self._watcher is not None and self._watcher.connection in ready:
            self._read_watcher()
        if self._metrics is not None:
            if metrics in ready:
                self._metrics.lost()
            self._metrics.tick(lambda spec: self._start(serve_metrics, spec))
        for crew in crews:
            crew.attend(ready)
            crew.tick()
        self._move_on()

    def _signalled(self, name: str) -> None:
        if name == "SIGHUP" and not (sys.stdin is not None and sys.stdin.isatty()):
            _log.info("signal SIGHUP: loading the extension anew")
            self._reload(keep=True)
        elif not self._stopping:
            self._stop(f"signal {name}")
        else:
            for crew in (self._crew, self._next):
                if crew is not None:
                    crew.stop_now()

    def _stop(self, reason: str) -> None:
        self._stopping = True
        if self._metrics is not None:
            self._metrics.stopping()
        for crew in (self._crew, self._next):
            if crew is not None:
                crew.stop(reason)

    def _read_watcher(self) -> None:
        if self._watcher is None:
            return
        try:
            message = self._watcher.connection.recv()
        except (EOFError, OSError):
            _log.error("the project is not watched any more: start the runner again")
            self._watcher.kill()
            self._watcher.join()
            self._watcher = None
            return
        if isinstance(message, Changed) and not self._stopping:
            _log.warning("changed: %s", ", ".join(message.names))
            self._reload(keep=False)

    def _reload(self, *, keep: bool) -> None:
        """Load the project anew beside what runs.

        Args:
            keep: go on with what runs until the new code has proved right; else it stops at once.
        """
        if self._stopping:
            return
        self._reload_begun = time.monotonic()
        if self._next is not None:
            # It was loading older code still.
            self._next.kill()
            self._next = None
        if not keep and self._crew is not None:
            self._crew.stop("reload")
        try:
            self._reading = self._read(self._reading)
        except RunnerError as error:
            self._complain(str(error))
            return
        self._next = self._new_crew(self._reading)

    def _complain(self, text: str) -> None:
        console.problem(text)
        if self._crew is not None and self._crew.state is CrewState.SERVING:
            _log.error("the running code is kept")
        else:
            self._waiting = True

    def _move_on(self) -> None:
        """Let the crews go, end, and take over."""
        if self._crew is not None:
            self._move_on_with(self._crew)
        if self._next is not None:
            self._move_on_with_next(self._next)
        if self._crew is not None or self._next is not None or self._stopping:
            return
        if not self._options.reload:
            # The old code has made room for one that then could not go on.
            self._status = 3
            self._stop("there is no code to run")
        elif self._waiting:
            self._waiting = False
            _log.error("waiting for a change")

    def _move_on_with_next(self, crew: Crew) -> None:
        if crew.trouble is not None and crew.state in (CrewState.LOADING, CrewState.LOADED):
            self._complain(crew.trouble.text)
            crew.stop("reload")
        if crew.state is CrewState.ENDED:
            self._next = None
        elif crew.state is CrewState.LOADED and self._crew is not None:
            self._crew.stop("reload")
        elif crew.state is CrewState.LOADED:
            self._crew, self._next = crew, None
            self._move_on_with(crew)

    def _move_on_with(self, crew: Crew) -> None:
        if crew.trouble is not None and crew.state not in (CrewState.STOPPING, CrewState.ENDED):
            self._fail(crew)
        elif crew.stop_asked is not None and not self._stopping:
            self._stop(crew.stop_asked)
        elif crew.state is CrewState.LOADED and not self._stopping:
            if self._options.check:
                self._show(crew)
                self._stop("checked")
            else:
                crew.go()
                if self._metrics is not None:
                    self._metrics.expect(crew.kinds)
                self._show(crew)
        if crew.connected and not self._connected:
            self._connected = True
            _log.debug("all sessions are open")
        if crew.state is CrewState.ENDED:
            if not self._options.check and crew.report.reason and self._status is None:
                _log.info("%s", crew.report)
            if crew.forced and self._stopping:
                self._status = self._status or 1
            self._crew = None

    def _fail(self, crew: Crew) -> None:
        """The author or the operator has to mend something."""
        if crew.trouble is None:
            return
        if self._options.reload and crew.trouble.exit_status != 2:
            self._complain(crew.trouble.text)
            crew.stop("reload")
            return
        console.problem(crew.trouble.text)
        self._status = crew.trouble.exit_status
        self._stop("it could not go on")

    def _show(self, crew: Crew) -> None:
        tables = [table for application in sorted(crew.tables) for table in crew.tables[application]]
        overview = [self._reading.overview] if self._options.check and self._reading is not None else []
        seconds = time.monotonic() - self._reload_begun
        self._tables.show(tables, crew.problems, seconds=seconds, ahead=overview)

    def _end(self) -> None:
        """Leave no process and no lock behind, however the run ended."""
        for crew in (self._crew, self._next):
            if crew is not None:
                crew.kill()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.join()
        if self._metrics is not None:
            self._metrics.close()
        if self._reading is not None and self._reading.slot is not None:
            self._reading.slot.close()

    @contextlib.contextmanager
    def _woken_by_signals(self) -> Iterator[socket.socket]:
        """While inside, signals are noted and make the bell readable."""
        bell, rope = socket.socketpair()
        bell.setblocking(False)
        rope.setblocking(False)

        def note(number: int, _: FrameType | None) -> None:
            self._signals.append(signal.Signals(number).name)

        numbers = [signal.SIGINT, signal.SIGTERM]
        before = {}
        if sys.platform != "win32":
            # Under nohup the terminal's end is nobody's business.
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
                numbers.append(signal.SIGHUP)
            before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in numbers:
            before[number] = signal.signal(number, note)
        fd = signal.set_wakeup_fd(rope.fileno(), warn_on_full_buffer=False)
        try:
            yield bell
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            bell.close()
            rope.close()
