"""The real runner as processes, and an extension that behaves as badly as an object tells it to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

from scripted_platform import API_KEY, ENVIRONMENT_ID, ScriptedPlatform, a_task

from connect_eaas.protocol.messages import Task

_EVENTS = """
    import asyncio
    import os
    import threading

    from connect_eaas import BackgroundResponse, CustomEventResponse, Extension, event

    RUNS = os.open(os.environ["RUNS"], os.O_WRONLY | os.O_APPEND)


    def note(what, request):
        os.write(RUNS, f"{what} {request['id']}\\n".encode())


    class Odd(BaseException):
        pass


    class Application(Extension):
        @event("asset_change_request_processing", statuses=["pending"])
        async def change(self, request):
            note("begin", request)
            self.logger.info("the handler begins")
            plan = request["plan"]
            if plan == "hang":
                await asyncio.Event().wait()
            if plan == "stubborn":
                while True:
                    try:
                        await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        pass
            await asyncio.sleep(request.get("seconds", 0))
            note("end", request)
            return self.answer(plan)

        @event("asset_purchase_request_processing", statuses=["pending"])
        def purchase(self, request):
            note("begin", request)
            self.logger.info("the handler begins")
            plan = request["plan"]
            if plan == "hang":
                threading.Event().wait()
            threading.Event().wait(request.get("seconds", 0))
            note("end", request)
            return self.answer(plan)

        @event("product_custom_event_processing")
        async def custom(self, request):
            if request["method"] == "HANG":
                await asyncio.Event().wait()
            return CustomEventResponse.done(body=request["body"])

        def answer(self, plan):
            if plan == "exit":
                raise SystemExit(7)
            if plan == "interrupt":
                raise KeyboardInterrupt
            if plan == "odd":
                raise Odd("very")
            if plan == "cancel":
                raise asyncio.CancelledError
            if plan == "deep":
                return self.answer(plan)
            answers = {
                "number": 42,
                "nothing": None,
                "class": BackgroundResponse,
                "wrong kind": CustomEventResponse.done(body={}),
                "surrogate": BackgroundResponse.skip("\\ud800"),
                "huge": BackgroundResponse.skip("x" * 5_000_000),
            }
            return answers.get(plan, BackgroundResponse.done())
"""
PLAIN, COROUTINE = "asset_purchase_request_processing", "asset_change_request_processing"


class Stage:
    """One runner on one platform.

    Attributes:
        platform: what the runner talks to.
        log: all that the runner logged so far.
    """

    def __init__(self, root: Path, platform: ScriptedPlatform) -> None:
        self.root = root
        self.platform = platform
        self.log = ""
        self.process: asyncio.subprocess.Process | None = None
        self._runs = root / "runs"
        self._runs.touch()
        self._reading: asyncio.Task[None] | None = None
        self._logged = asyncio.Condition()

    async def start(self, **variables: str) -> None:
        """Start ``cextrun`` and wait until both sessions are connected."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
        settings = {
            "API_KEY": API_KEY,
            "ENVIRONMENT_ID": ENVIRONMENT_ID,
            "SERVER_ADDRESS": self.platform.address,
            "CONNECT_RUNNER_STATE_DIR": str(self.root / "state"),
            "RUNS": str(self._runs),
        }
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "connect_eaas.runner.main",
            "--no-rich-logging",
            "-u",
            cwd=self.root / "project",
            env={**kept, **settings, **variables},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read_log(self.process))
        await self.platform.connected()

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, within_s: float = 25.0) -> int:
        """Send a signal and return the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended(within_s=within_s)

    async def ended(self, *, within_s: float = 25.0) -> int:
        """Wait for the end and return the exit status."""
        assert self.process is not None
        assert self._reading is not None
        status = await asyncio.wait_for(self.process.wait(), within_s)
        await self._reading
        return status

    def tasks(self, count: int, event_type: str, plan: str, *, seconds: float = 0.0, first: int = 1) -> list[Task]:
        """Tasks whose objects carry the plan; not sent yet."""
        made = []
        for number in range(first, first + count):
            object_id = f"PR-{number:05}"
            self.platform.objects[f"requests/{object_id}"] = {"id": object_id, "plan": plan, "seconds": seconds}
            made.append(a_task(number, event_type=event_type, object_id=object_id))
        return made

    async def answers(self, tasks: list[Task], *, within_s: float = 40.0) -> dict[str, str]:
        """Wait until each task has a result; returns task id → the first one."""
        wanted = {task.options.task_id for task in tasks}
        seen: dict[str, str] = {}
        position = 0

        def all_there() -> bool:
            nonlocal position
            for result in self.platform.results[position:]:
                assert result.output is not None
                seen.setdefault(result.options.task_id, result.output.result)
            position = len(self.platform.results)
            return wanted <= seen.keys()

        await self.platform.until(all_there, within_s=within_s)
        return {task_id: seen[task_id] for task_id in wanted}

    def times_answered(self) -> Counter[str]:
        """How many results each lease got."""
        return Counter(result.options.lease for result in self.platform.results)

    def begun(self) -> Counter[str]:
        """How often each object's handler was begun."""
        lines = self._runs.read_text().splitlines()
        return Counter(line.removeprefix("begin ") for line in lines if line.startswith("begin "))

    def ran_beside_themselves(self) -> list[str]:
        """Objects whose handler was begun again while it ran."""
        running: set[str] = set()
        found = []
        for line in self._runs.read_text().splitlines():
            what, object_id = line.split()
            if what == "begin":
                if object_id in running:
                    found.append(object_id)
                running.add(object_id)
            else:
                running.discard(object_id)
        return found

    async def logged(self, condition: Callable[[str], bool], *, within_s: float = 20.0) -> None:
        """Wait until the log makes the condition true."""
        async with self._logged:
            try:
                await asyncio.wait_for(self._logged.wait_for(lambda: condition(self.log)), within_s)
            except asyncio.TimeoutError:
                raise AssertionError(f"this was not logged in time:\n{self.log[-4000:]}") from None

    async def answers_interactive(self, number: int) -> float:
        """Seconds that an interactive task takes now."""
        clock = asyncio.get_running_loop().time
        task = a_task(
            number,
            category="interactive",
            event_type="product_custom_event_processing",
            object_id="PRD-1",
            data={"method": "POST", "headers": {}, "body": {"n": number}},
        )
        begun = clock()
        await self.platform.interactive.send(task)
        await self.answers([task])
        return clock() - begun

    def workers(self) -> list[int]:
        """Ids of the processes that the runner started."""
        assert self.process is not None
        return _descendants(self.process.pid)

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            async with self._logged:
                self.log += line.decode(errors="replace")
                self._logged.notify_all()


def _descendants(pid: int) -> list[int]:
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += map(int, (task / "children").read_text().split())
    return [each for child in children for each in (child, *_descendants(child))]


@asynccontextmanager
async def stage_in(root: Path, platform: ScriptedPlatform) -> AsyncIterator[Stage]:
    package = root / "project" / "chaos_extension"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "events.py").write_text(dedent(_EVENTS))
    (package / "extension.json").write_text(
        json.dumps({"name": "x", "readme_url": "https://example.org/r", "changelog_url": "https://example.org/c"})
    )
    (root / "project" / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[project.entry-points."connect.eaas.ext"]\n'
        'eventsapp = "chaos_extension.events:Application"\n'
    )
    stage = Stage(root, platform)
    try:
        yield stage
    finally:
        process = stage.process
        if process is not None and process.returncode is None:
            for worker in stage.workers():
                os.kill(worker, signal.SIGKILL)
            process.kill()
            await process.wait()
        if stage._reading is not None:
            await stage._reading
