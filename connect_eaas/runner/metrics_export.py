"""The process that answers Prometheus, and whoever asks whether the runner is well, from the workers' files.

``/health`` answers 200 while every session is connected, else 503; any other path has the metrics. It is a process
of its own, as the supervisor has neither threads nor a loop, and a worker may be busy or dead.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from connect_eaas.runner import console
from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.metrics import BUCKETS_S, FAMILIES, OUTBOX, SESSIONS, STUCK, Board, Family

__all__ = ["BoardsCollector", "ExportSpec", "health", "serve_metrics"]

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class ExportSpec:
    """All that the process has to know."""

    boards: Path
    """Directory of the workers' files."""
    expected: Path
    """JSON file: ``kinds`` of sessions that there are to be, and whether the runner is ``stopping``."""
    listener: socket.socket
    version: str
    logs: LogStyle


def serve_metrics(spec: ExportSpec, connection: Connection[Any, Any]) -> int:
    """Answer scrapes until the supervisor is gone.

    Returns:
        The exit status.
    """
    console.configure_logging(spec.logs, worker="metrics")
    from prometheus_client import CollectorRegistry, make_wsgi_app

    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardsCollector(spec.boards, spec.version))
    server = _Server(spec.listener)
    server.set_app(_routed(spec, make_wsgi_app(registry)))
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.recv()
    return 0


def health(boards: Path, kinds: Iterable[str], *, stopping: bool = False) -> dict[str, Any]:
    """Say how the runner is: ``ok`` is True while each session is connected and the runner does not stop.

    Args:
        boards: directory of the workers' files, each named after its kind.
        kinds: of the sessions that there are to be.
        stopping: whether the runner stops.

    Returns:
        ``ok``, ``stopping``, and ``sessions``: kind to ``connected``, ``results_waiting`` and ``handlers_stuck``.
    """
    sessions = {}
    for kind in sorted(kinds):
        present = {"connected": False, "results_waiting": 0, "handlers_stuck": 0}
        if (boards / kind).is_file():
            board = Board(boards / kind)
            numbers = {reading.family.name: reading.floats[0] for reading in board.read()}
            board.close()
            present = {
                "connected": bool(numbers[SESSIONS.name]),
                "results_waiting": int(numbers[OUTBOX.name]),
                "handlers_stuck": int(numbers[STUCK.name]),
            }
        sessions[kind] = present
    connected = bool(sessions) and all(item["connected"] for item in sessions.values())
    return {"ok": connected and not stopping, "stopping": stopping, "sessions": sessions}


def _routed(spec: ExportSpec, metrics: _Wsgi) -> _Wsgi:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").rstrip("/") != "/health":
            return metrics(environ, start_response)
        expected = json.loads(spec.expected.read_text(encoding="utf-8"))
        found = health(spec.boards, expected["kinds"], stopping=expected["stopping"])
        body = json.dumps(found).encode() + b"\n"
        fields = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK" if found["ok"] else "503 Service Unavailable", fields)
        return [body]

    return application


class BoardsCollector:
    """Collector of ``prometheus_client``.

    Args:
        boards: directory of the workers' files, each named after its kind.
        version: of the runner.
    """

    def __init__(self, boards: Path, version: str) -> None:
        self._directory = boards
        self._version = version

    def collect(self) -> Iterable[Any]:
        """The metrics as they are now."""
        from prometheus_client.core import GaugeMetricFamily

        info = GaugeMetricFamily("connect_runner_info", "Version of the runner.", labels=["version"])
        info.add_metric([self._version], 1)
        yield info
        sums = self._sums()
        for family in FAMILIES:
            yield _exposed(family, sums.get(family.name, {}))

    def _sums(self) -> dict[str, dict[tuple[str, ...], list[float]]]:
        """Family → label values → floats."""
        sums: dict[str, dict[tuple[str, ...], list[float]]] = {}
        for path in sorted(self._directory.iterdir()):
            board = Board(path)
            try:
                for family, values, floats in board.read():
                    labels = (*values, path.name) if family.per_worker else values
                    known = sums.setdefault(family.name, {}).setdefault(labels, [0.0] * len(floats))
                    known[:] = [one + other for one, other in zip(known, floats, strict=True)]
            finally:
                board.close()
        return sums


def _exposed(family: Family, series: dict[tuple[str, ...], list[float]]) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    labels = [*family.labels, *(["worker"] if family.per_worker else [])]
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.text, labels=labels)
        for values, floats in series.items():
            buckets, below = [], 0.0
            for bound, count in zip(BUCKETS_S, floats, strict=False):
                below += count
                buckets.append(("+Inf" if bound == float("inf") else repr(bound), below))
            if below or not labels:
                histogram.add_metric(values, buckets, sum_value=floats[-1])
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    exposed = kind(family.name, family.text, labels=labels)
    for values, floats in series.items():
        # Label values of an application that is not there would only be in the way.
        if floats[0] or _OTHER not in values:
            exposed.add_metric(values, floats[0])
    return exposed


_OTHER = "other"


class _Server(ThreadingMixIn, WSGIServer):
    """On a socket that the supervisor has opened: it stays open while this process is replaced."""

    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__((host, port), _SilentHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        # Looking the name up, as the base class does, may take seconds where there is no name server.
        self.server_name, self.server_port = host, port
        self.setup_environ()


class _SilentHandler(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Scrapes are no news."""
