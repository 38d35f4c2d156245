"""The real platform inside of a test: it runs in this process, the extension's runner in one of its own.

Nothing here is mocked, and nothing leaves the machine. Time stands still until the test moves it.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from connect_eaas.errors import MissingExtraError
from connect_eaas.runner.errors import ExtensionError
from connect_eaas.runner.extension import declared_applications
from connect_eaas.testing import runner_log

if TYPE_CHECKING:
    import httpx

    from connect_devops.clock import ManualClock
    from connect_devops.server import Platform

__all__ = ["START", "DevOps", "DevOpsError", "manual_clock"]

START: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""The time at which each test begins."""
_BASE: Final = "/public/v1"
_PATIENCE_S: Final = 30.0
_STOP_S: Final = 20.0
_ENDED: Final = frozenset({"succeeded", "skipped", "failed"})
_LATER: Final = frozenset({"rescheduled", "retrying"})
_OURS: Final = ("API_KEY", "ENVIRONMENT_ID", "SERVER_ADDRESS", "API_ADDRESS", "INSTANCE_ID")


def manual_clock(now: datetime) -> ManualClock:
    """Make a clock that stands still until it is moved."""
    from connect_devops.clock import ManualClock

    return ManualClock(now)


class DevOpsError(AssertionError):
    """What was waited for did not come about, or the platform refused a call; fails the test."""


class DevOps:
    """A platform that knows one extension project.

    Args:
        project: the extension's directory, with its ``pyproject.toml``.
        folder: where platform and runner keep their files.
        clock: the platform's time.

    Attributes:
        url: the platform's address.
        api_key: of the account that owns the extension.
        extension_id: ``SRVC-…``.
        environment_id: of its development environment.
    """

    def __init__(self, project: Path, folder: Path, clock: ManualClock) -> None:
        self.clock = clock
        self._project = project
        self._folder = folder
        self._thread = _PlatformThread(folder, clock, role="distributor" if self._type() == "hub" else "vendor")
        self._http: httpx.Client
        self.url = self.api_key = self.extension_id = self.environment_id = ""
        self._log: runner_log.RunnerLog | None = None

    def __enter__(self) -> DevOps:
        import httpx

        platform = self._thread.start()
        self.url, self.api_key = platform.url, platform.api_key
        self._http = httpx.Client(
            base_url=self.url + _BASE,
            headers={"Authorization": self.api_key},
            timeout=_PATIENCE_S,
            trust_env=False,
        )
        try:
            self._register()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._thread.stop()

    @property
    def log(self) -> str:
        """What the runner has logged, at level DEBUG."""
        return "" if self._log is None else self._log.text

    @contextmanager
    def running(self, **variables: str) -> Iterator[None]:
        """Run the extension with ``cextrun``; the block starts when all its sessions are open.

        Args:
            variables: further environment variables for it.

        Raises:
            DevOpsError: it does not start; carries the end of its log.
        """
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        process = subprocess.Popen(
            [sys.executable, "-m", "connect_eaas.runner.main", "--debug", "--no-rich-logging"],
            cwd=self._project,
            env={
                **environment,
                "API_KEY": self.api_key,
                "ENVIRONMENT_ID": self.environment_id,
                "SERVER_ADDRESS": self.url,
                "CONNECT_RUNNER_STATE_DIR": str(self._folder / "runner"),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._log = log = runner_log.RunnerLog(process)
        try:
            if not log.wait_ready(_PATIENCE_S):
                raise DevOpsError(f"the extension does not run:\n{log.text[-4000:]}")
            yield
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the platform's REST API as the extension's owner, e.g. ``call("GET", "/requests/PR-1")``.

        Raises:
            DevOpsError: the platform refused; says why.
        """
        answer = self._http.request(method, path, json=body)
        if answer.is_error:
            raise DevOpsError(f"{method} {path}: {answer.status_code} {answer.text[:1000]}")
        return answer.json() if answer.content else None

    def web(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the extension's web application, e.g. ``web("GET", "/api/settings")``; options are those of httpx."""
        return self._http.request(method, f"{self.url}/ext/{self.extension_id}/dev{path}", **options)

    def install(self, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Install a multi-account or transformations extension for the platform's account; return the installation."""
        body: dict[str, Any] = {"environment": {"id": self.environment_id}}
        if settings is not None:
            body["settings"] = dict(settings)
        made: dict[str, Any] = self.call("POST", "/devops/installations", body)
        return made

    def set_variable(self, name: str, value: str, *, secure: bool = False) -> None:
        """Set a variable of the environment, and have the runner told."""
        known = self.call("GET", f"{self._path}/variables?eq(name,{name})")
        if known:
            self.call("PUT", f"{self._path}/variables/{known[0]['id']}", {"value": value, "secure": secure})
        else:
            self.call("POST", f"{self._path}/variables", {"name": name, "value": value, "secure": secure})
        self.call("POST", f"{self._path}/update-config")

    def trigger(
        self, event_type: str, *, status: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Make a sample object that causes an event.

        Args:
            event_type: e.g. ``asset_purchase_request_processing``.
            status: of the object; by default the first that suits the event.
            changes: fields of the object, by path: ``{"asset.external_id": "A-1"}``.

        Returns:
            What the platform answers: the ``object``, its ``tasks``, of interactive events also the ``answer``.
        """
        body: dict[str, Any] = {"event_type": event_type, "extension_id": self.extension_id}
        if status is not None:
            body["status"] = status
        if changes:
            body["set"] = dict(changes)
        made: dict[str, Any] = self.call("POST", "/devops/local/trigger", body)
        return made

    def run(self, event_type: str, **options: Any) -> dict[str, Any]:
        """``trigger``, and wait for the one task that it makes; return that task.

        Raises:
            DevOpsError: there is no task, or several; or see ``wait``.
        """
        made = self.trigger(event_type, **options)
        if len(made["tasks"]) != 1:
            raise DevOpsError(f"{event_type} made {len(made['tasks'])} tasks: {' '.join(made.get('notes') or ())}")
        return self.wait(made["tasks"][0]["id"])

    def wait(self, task_id: str, *, patience_s: float = _PATIENCE_S) -> dict[str, Any]:
        """Wait until a task has ended, or until it is due at a time that the clock has yet to reach.

        Raises:
            DevOpsError: it took longer than ``patience_s`` seconds.
        """
        deadline = time.monotonic() + patience_s
        with self._http.stream("GET", f"{self._path}/stream") as stream:
            if stream.is_error:
                raise DevOpsError(f"the platform tells no news: {stream.status_code}")
            news = stream.iter_lines()
            while True:
                task: dict[str, Any] = self.call("GET", f"{self._path}/tasks/{task_id}")
                due = task.get("due")
                rests = task["status"] in _LATER and due and datetime.fromisoformat(due) > self.clock.now()
                if task["status"] in _ENDED or rests:
                    return task
                if time.monotonic() > deadline:
                    raise DevOpsError(f"{task_id} is {task['status']} after {patience_s} s\n{self.log[-4000:]}")
                # Told when something happens, and every few seconds that nothing does.
                next(news, None)

    def advance(self, seconds: float) -> None:
        """Move the platform's clock: what is due by then happens."""
        self.clock.advance(timedelta(seconds=seconds))

    @property
    def _path(self) -> str:
        return f"/devops/services/{self.extension_id}/environments/{self.environment_id}"

    def _type(self) -> str:
        file = self._project / "pyproject.toml"
        applications = declared_applications(file) if file.is_file() else {}
        if not applications:
            raise ExtensionError(f"{file}: declares no application, so there is nothing to run on the platform")
        toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
        connect = toml.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("connect", {})
        chosen = connect.get("extension-type") if isinstance(connect, dict) else None
        if isinstance(chosen, str):
            return chosen
        return (
            "transformations"
            if "tfnapp" in applications
            else "multiaccount"
            if "webapp" in applications
            else "products"
        )

    def _register(self) -> None:
        kind = self._type()
        body: dict[str, Any] = {"name": self._project.name, "type": kind}
        if kind != "products":
            body["package_id"] = "tests.extension"
        if kind == "hub":
            body["hub"] = {"id": self.call("GET", "/devops/hubs")[0]["id"]}
        made = self.call("POST", "/devops/services", body)
        self.extension_id = made["id"]
        self.environment_id = made["environments"]["development"]["id"]


class _PlatformThread:
    """The platform with an event loop of its own, so that plain tests can use it as well as asynchronous ones."""

    def __init__(self, folder: Path, clock: ManualClock, *, role: Any) -> None:
        try:
            from connect_devops.server import running_platform
            from connect_devops.settings import Settings
        except ImportError as error:
            raise MissingExtraError("devops", error.name or "sqlalchemy", "The fixture devops") from error
        self._running_platform = running_platform
        self._settings = Settings(
            data_dir=folder / "platform",
            discovery_file=folder / "discovery.json",
            port=0,
            owner_role=role,
            log_level="warning",
        )
        self._clock = clock
        self._ready = threading.Event()
        self._platform: Platform | None = None
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._main, name="devops-platform", daemon=True)

    def start(self) -> Platform:
        """Start it, and return it when it serves.

        Raises:
            StartError: it cannot start.
        """
        self._thread.start()
        self._ready.wait()
        if self._platform is None:
            self._thread.join()
            raise self._failure or DevOpsError("the platform did not start")
        return self._platform

    def stop(self) -> None:
        """Stop it."""
        if self._loop is not None and self._ending is not None:
            self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(_STOP_S)

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        async with self._running_platform(self._settings, clock=self._clock) as platform:
            self._platform = platform
            self._ready.set()
            await self._ending.wait()
