"""The supervisor's side of the metrics: opens the port, keeps the files, and replaces the process that answers."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from connect_eaas.runner.child_process import Child
from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.errors import SettingsError
from connect_eaas.runner.metrics import Board
from connect_eaas.runner.metrics_export import ExportSpec
from connect_eaas.runner.restarts import Restarts

__all__ = ["MetricsService"]

_log = logging.getLogger("connect.eaas.runner.metrics")


class MetricsService:
    """The metrics of a run, over all its workers and reloads.

    Args:
        host: the address to listen at.
        port: 0 takes any that is free; the log names it.
        version: of the runner.
        logs: how the process's log lines look.

    Raises:
        SettingsError: the library is missing, or the port cannot be opened.
    """

    def __init__(self, host: str, port: int, *, version: str, logs: LogStyle) -> None:
        if importlib.util.find_spec("prometheus_client") is None:
            raise SettingsError(
                "CONNECT_METRICS_PORT: metrics need prometheus-client: install connect-extension-sdk[metrics]"
            )
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise SettingsError(
                f"CONNECT_METRICS_PORT: cannot listen at {host}:{port}: {error.strerror or error}"
            ) from error
        self._directory = Path(tempfile.mkdtemp(prefix="connect-metrics-"))
        self.boards = self._directory / "boards"
        self.boards.mkdir()
        self._expected = self._directory / "expected.json"
        self._kinds: tuple[str, ...] = ()
        self._write()
        self.port: int = self._listener.getsockname()[1]
        self._spec = ExportSpec(self.boards, self._expected, self._listener, version, logs)
        self._child: Child | None = None
        self._begun = 0.0
        self._restarts = Restarts()
        # When the process is to be started; None while it runs.
        self.due: float | None = time.monotonic()
        shown = f"[{host}]" if ":" in host else host
        _log.info("metrics at http://%s:%d/metrics, health at /health", shown, self.port)

    @property
    def connection(self) -> Connection[Any, Any] | None:
        """Our end of the process's pipe: readable when it has ended."""
        return self._child.connection if self._child is not None else None

    @property
    def listener(self) -> socket.socket:
        """The open port; not for other children."""
        return self._listener

    def expect(self, kinds: Iterable[str]) -> None:
        """Say which kinds of sessions there are to be: the runner is well while each of them is connected."""
        self._kinds = tuple(kinds)
        self._write()

    def stopping(self) -> None:
        """Say that the runner stops: it is not ready any more, although its sessions are open for what still runs."""
        self._write(stopping=True)

    def _write(self, *, stopping: bool = False) -> None:
        fresh = self._expected.with_suffix(".new")
        fresh.write_text(json.dumps({"kinds": self._kinds, "stopping": stopping}), encoding="utf-8")
        fresh.replace(self._expected)

    def tick(self, start: Callable[[ExportSpec], Child]) -> None:
        """Start the process if that is due."""
        if self.due is not None and self.due <= time.monotonic():
            self.due = None
            self._begun = time.monotonic()
            self._child = start(self._spec)

    def lost(self) -> None:
        """The process has ended: another one follows."""
        self._end_child()
        pause = self._restarts.pause_after(time.monotonic() - self._begun)
        self.due = time.monotonic() + pause
        _log.error("the metrics process ended: it is replaced in %.1f s", pause)

    def worker_ended(self, kind: str, *, replaced: bool) -> None:
        """A worker's process has ended: what it had in hand is no more."""
        board = Board(self.boards / kind)
        board.clear_gauges()
        if replaced:
            board.restarted()
        board.close()

    def close(self) -> None:
        """End the process, close the port, and remove the files."""
        self._end_child()
        self._listener.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.join()
            self._child.connection.close()
            self._child = None
