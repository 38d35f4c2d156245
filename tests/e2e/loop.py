"""The whole loop as processes: a real platform, a project, and a real runner on it, each with data of its own.

Nothing here sleeps: tests wait for the platform's stream of events, or for a line of the project's journal.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from connect_cli_ext.devops.demo_cases import Stage
from connect_cli_ext.devops.processes import Child, platform_process, runner_process
from connect_cli_ext.devops.project import load_project, register
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.discovery import find_local_platform

__all__ = [
    "FINAL",
    "PROJECTS",
    "Journal",
    "Loop",
    "bare_environment",
    "ccli",
    "cextrun",
    "pause",
    "rendered_demo",
    "resume",
]

PROJECTS = Path(__file__).parent / "projects"
FINAL = ("succeeded", "skipped", "failed")
WAITING = ("scheduled", "rescheduled", "retrying")
PATIENCE_S = 30.0
_KEPT = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "TMPDIR", "SYSTEMROOT")

T = TypeVar("T")


def bare_environment(root: Path) -> dict[str, str]:
    """An environment whose every trace stays below ``root``, and that knows no credentials."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "CONNECT_DEVOPS_DISCOVERY": str(root / "state" / "discovery.json"),
        "XDG_CONFIG_HOME": str(root / "config"),
        "XDG_DATA_HOME": str(root / "data"),
        "XDG_STATE_HOME": str(root / "state"),
        "HOME": str(root),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }


def ccli(
    *arguments: str, environ: Mapping[str, str], cwd: Path | None = None, timeout: float = 40
) -> subprocess.CompletedProcess[str]:
    """Run ``ccli`` to its end."""
    return _run("connect_cli_ext", arguments, environ, cwd, timeout)


def cextrun(
    *arguments: str, environ: Mapping[str, str], cwd: Path, timeout: float = 40
) -> subprocess.CompletedProcess[str]:
    """Run ``cextrun`` to its end."""
    return _run("connect_eaas.runner.main", arguments, environ, cwd, timeout)


def _run(
    module: str, arguments: Sequence[str], environ: Mapping[str, str], cwd: Path | None, timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def rendered_demo(root: Path, *answers: str) -> Path:
    """The project that an author gets from the template."""
    chosen = [part for answer in ("project_name=Demo Extension", *answers) for part in ("--answer", answer)]
    arguments = ("project", "extension", "bootstrap", "--defaults", "--output-dir", str(root), *chosen)
    done = ccli(*arguments, environ=bare_environment(root))
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "demo_extension"


class Journal:
    """Lines that handlers tell, and a gate at which they can be held; both are named pipes.

    ``telling.py`` of the probe project is the other side.
    """

    def __init__(self, root: Path) -> None:
        self._path, self._gate_path = root / "journal", root / "gate"
        os.mkfifo(self._path)
        # Both ends are ours, so that handlers never wait for somebody to listen.
        self._pipe = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        self._gate: int | None = None
        self._rest = b""
        self.lines: list[dict[str, Any]] = []
        self.close_gate()

    @property
    def environ(self) -> dict[str, str]:
        """What the handlers' process has to know."""
        return {"PROBE_JOURNAL": str(self._path), "PROBE_GATE": str(self._gate_path)}

    def close_gate(self) -> None:
        """Hold handlers that come to the gate from now on."""
        self._gate_path.unlink(missing_ok=True)
        os.mkfifo(self._gate_path)
        self._gate = os.open(self._gate_path, os.O_RDWR | os.O_NONBLOCK)

    def open_gate(self) -> None:
        """Let everybody through who waits at the gate or comes later."""
        if self._gate is None:
            return
        free = self._gate_path.with_name("free")
        free.touch()
        free.replace(self._gate_path)
        os.close(self._gate)
        self._gate = None

    def expect(self, *, patience_s: float = PATIENCE_S, **facts: Any) -> dict[str, Any]:
        """The next line, of those not yet asked for, that carries these facts; earlier ones are forgotten."""
        deadline = time.monotonic() + patience_s
        seen: list[dict[str, Any]] = []
        while True:
            while self.lines:
                line = self.lines.pop(0)
                if all(line.get(name) == value for name, value in facts.items()):
                    return line
                seen.append(line)
            ready, _, _ = select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"nobody told {facts}; told was {seen}"
            self.read()

    def read(self) -> list[dict[str, Any]]:
        """Take in what was told by now; returns all lines that nobody asked for yet."""
        with suppress(BlockingIOError):
            while chunk := os.read(self._pipe, 65536):
                self._rest += chunk
        *whole, self._rest = self._rest.split(b"\n")
        self.lines += [json.loads(line) for line in whole]
        return self.lines

    def close(self) -> None:
        """Close both pipes; nobody waits at the gate any more."""
        self.open_gate()
        os.close(self._pipe)


class Loop:
    """One platform and the runners of one project; everything it started ends with it.

    Args:
        root: folder for everything that the processes leave behind.
        project: the project, copied below ``root``.
        variables: further environment variables of the runner.
    """

    def __init__(self, root: Path, project: Path, **variables: str) -> None:
        self.root = root
        self.project = root / project.name
        shutil.copytree(project, self.project, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        self.environ = bare_environment(root)
        self.data_dir = root / "data" / "connect-devops"
        self.platform_log, self.runner_log = root / "platform.log", root / "runner.log"
        self._stack = ExitStack()
        self.journal = Journal(root)
        self._stack.callback(self.journal.close)
        self._variables = {**self.journal.environ, **variables}
        self._ports: tuple[str, ...] = ("--port", "0")
        self.platform: Child
        self.runner: Child
        self.client: PlatformClient
        self.stage: Stage

    def __enter__(self) -> Loop:
        try:
            self.start_platform()
            registration = register(self.client, load_project(self.project))
        except BaseException:
            self._stack.close()
            raise
        facts = self.client.get("/devops/local/info")
        secret = next(
            environment["jwt_secret"]
            for extension in facts["extensions"]
            for environment in extension["environments"]
            if environment["id"] == registration.environment_id
        )
        self.stage = Stage(self.client, registration.extension_id, registration.environment_id, secret)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.journal.open_gate()
        self._stack.close()

    @property
    def path(self) -> str:
        """The development environment's address in the API."""
        return self.stage.path

    @property
    def api_key(self) -> str:
        """Of the platform's owner."""
        return (self.data_dir / "api-key").read_text().strip()

    def start_platform(self) -> Child:
        """Start the platform; the second time where it was before."""
        arguments = ["--quiet", *self._ports]
        process = platform_process(arguments, environ=self.environ, log=self.platform_log)
        self.platform = self._stack.enter_context(process)
        found = find_local_platform(self.environ)
        assert found is not None, "the platform left no discovery file"
        assert found.https_url is not None
        ports = [url.rpartition(":")[2] for url in (found.url, found.https_url)]
        self._ports = ("--port", ports[0], "--https-port", ports[1])
        self.client = self._stack.enter_context(PlatformClient(found))
        if hasattr(self, "stage"):
            self.stage.client = self.client
        return self.platform

    def start_runner(self, *arguments: str, connected: bool = True, **variables: str) -> Child:
        """Start ``cextrun`` without any credentials: it finds the platform by itself.

        Args:
            arguments: of ``cextrun``; ``-d`` by default.
            connected: wait until the platform sees it.
            variables: further environment variables.
        """
        environ = {**self.environ, **self._variables, **variables}
        before = self.instances()
        process = runner_process(self.project, arguments or ("-d",), environ=environ, log=self.runner_log)
        self.runner = runner = self._stack.enter_context(process)
        if connected:
            self.until(lambda: self.instances() > before, "the runner is connected", alive=runner)
        return runner

    def instances(self) -> int:
        """How many copies of the extension are connected."""
        document = self.client.get(self.path)
        return len(document.get("instances") or ()) if document["status"] == "connected" else 0

    def until(
        self,
        condition: Callable[[], T],
        what: str,
        *,
        patience_s: float = PATIENCE_S,
        alive: Child | None = None,
    ) -> T:
        """Wait until ``condition`` holds, looking whenever something happens in the environment."""
        deadline = time.monotonic() + patience_s
        with self.client.events(f"{self.path}/stream") as events:
            while not (found := condition()):
                assert time.monotonic() < deadline, f"it did not come about in {patience_s} s that {what}"
                assert alive is None or alive.process.poll() is None, f"{what}: the runner ended\n{alive.last_lines()}"
                next(events)
            return found

    def until_logged(self, text: str, log: Path | None = None) -> str:
        """Wait until a log (the runner's by default) holds ``text``; returns the log."""
        from watchfiles import watch

        path = log or self.runner_log
        deadline = time.monotonic() + PATIENCE_S
        for _ in watch(self.root, recursive=False, debounce=50, step=20, rust_timeout=200, yield_on_timeout=True):
            found = path.read_text(errors="replace")
            if text in found:
                return found
            assert time.monotonic() < deadline, f"{path} does not say {text!r}"
        raise AssertionError("nothing is watched any more")

    def trigger(self, event_type: str, **changes: Any) -> dict[str, Any]:
        """Make a sample object; the answer holds ``object`` and ``tasks``. ``note`` instructs the probe's handlers."""
        return self.stage.trigger(event_type, changes or None)

    def purchase(self, note: str = "") -> tuple[str, str]:
        """Make a purchase request with an instruction; returns the ids of the request and of its task."""
        made = self.trigger("asset_purchase_request_processing", note=note)
        (task,) = made["tasks"]
        return made["object"]["id"], task["id"]

    def task(self, task_id: str) -> dict[str, Any]:
        """A task as it is now."""
        found: dict[str, Any] = self.client.get(f"{self.path}/tasks/{task_id}")
        return found

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks of the environment, the oldest first."""
        found: list[dict[str, Any]] = self.client.get(f"{self.path}/tasks?limit=1000&ordering(events.created.at)")
        return found

    def attempts(self, task_id: str) -> list[dict[str, Any]]:
        """The deliveries of a task, the oldest first."""
        found: list[dict[str, Any]] = self.client.get(f"{self.path}/tasks/{task_id}/attempts")
        return found

    def until_status(self, task_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until a task has one of these statuses; returns the task."""

        def reached() -> dict[str, Any] | None:
            found = self.task(task_id)
            return found if found["status"] in statuses else None

        found = self.until(reached, f"{task_id} is {' or '.join(statuses)}")
        assert found is not None
        return found

    def settle(self, **options: Any) -> list[dict[str, Any]]:
        """Let time pass on the platform's clock until every task has come to its end; returns the tasks."""

        tasks: list[dict[str, Any]] = []

        def settled() -> bool:
            tasks[:] = self.tasks()
            open_ = [task for task in tasks if task["status"] not in FINAL]
            now = self.now()
            if open_ and all(task["status"] in WAITING and str(task["due"]) > now for task in open_):
                self.client.post("/devops/local/clock", {"advance": "next"})
            return not open_

        self.until(settled, "all tasks have settled", **options)
        return tasks

    def now(self) -> str:
        """The platform's time."""
        return str(self.client.get("/devops/local/clock")["now"])

    def advance(self, seconds: float) -> None:
        """Move the platform's clock."""
        self.client.post("/devops/local/clock", {"advance": seconds})

    def set_variable(self, name: str, value: str, *, secure: bool = False) -> dict[str, Any]:
        """Set a variable of the environment, and apply the changes."""
        known = self.client.get(f"{self.path}/variables?eq(name,{name})")
        if known:
            body = {"value": value, "secure": secure}
            changed: dict[str, Any] = self.client.put(f"{self.path}/variables/{known[0]['id']}", body)
        else:
            changed = self.client.post(f"{self.path}/variables", {"name": name, "value": value, "secure": secure})
        self.client.post(f"{self.path}/update-config")
        return changed

    def kill_runner(self) -> None:
        """``kill -9`` of the runner with all its processes."""
        os.killpg(self.runner.process.pid, signal.SIGKILL)
        self.runner.process.wait()
        if self.platform.process.poll() is None:
            self.until(lambda: not self.instances(), "the platform misses the runner")

    def kill_platform(self) -> None:
        """``kill -9``."""
        self.platform.kill()


def pause(child: Child) -> None:
    """Freeze a process and those that it started."""
    os.killpg(child.process.pid, signal.SIGSTOP)


def resume(child: Child) -> None:
    """Let frozen processes go on."""
    os.killpg(child.process.pid, signal.SIGCONT)
