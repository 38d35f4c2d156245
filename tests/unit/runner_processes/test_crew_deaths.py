"""What a replacement is told about the process before it."""

from __future__ import annotations

from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from connect_eaas.runner.console import LogStyle
from connect_eaas.runner.control import Connected, Go, Loaded, WorkerSpec
from connect_eaas.runner.crew import Crew
from connect_eaas.runner.settings import read_settings


class Process:
    """A process as the supervisor sees it; the test plays its part at the other end of the pipe."""

    pid = 7
    sentinel = None

    def __init__(self) -> None:
        self.connection: Connection[Any, Any]
        self.connection, self.inside = Pipe()
        self.status: int | None = None

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        self.status = -15

    def kill(self) -> None:
        self.status = -9

    def join(self) -> int:
        return self.status or 0


def test_replacement_knows_how_the_process_before_it_died(tmp_path: Path) -> None:
    spec = WorkerSpec(
        kind="web",
        reference="m:C",
        source="s",
        project=tmp_path,
        settings=read_settings({"API_KEY": "ApiKey SU-1:k", "ENVIRONMENT_ID": "ENV-1-01"}),
        variables={},
        validate=False,
        logs=LogStyle(),
        version="1",
        instance_id="I",
        slot=None,
    )
    started: list[Process] = []

    def start(_: WorkerSpec) -> Process:
        started.append(Process())
        return started[-1]

    crew = Crew([spec], start=start, clock=lambda: 0.0)
    crew.start()
    started[0].inside.send(Loaded("webapp", ()))
    crew.attend([started[0].connection])
    crew.go()
    assert started[0].inside.recv() == Go(None)
    started[0].inside.send(Connected())
    started[0].kill()
    crew.attend([])
    crew.tick()
    started[1].inside.send(Loaded("webapp", ()))
    crew.attend([started[1].connection])

    assert started[1].inside.recv() == Go("The web worker of instance I ended (signal SIGKILL) and was replaced.")
    crew.kill()
    for process in started:
        process.inside.close()
