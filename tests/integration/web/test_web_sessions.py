"""The session of a web application: lost lines, new configuration, several instances, and who pays for FastAPI."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import timedelta

import anyio
import httpx
import live_web
import pytest
from running_web import Web

from connect_devops.clock import ManualClock, SystemClock
from connect_devops.services.interactive import NoAnswerError
from connect_devops.services.web_calls import WEB_LIMIT, Caller, CallLostError, WebCalls
from connect_eaas.protocol.messages import HttpRequest, HttpResponse, WebTask
from connect_eaas.runner.settings import Limits


async def cut(web: Web) -> None:
    """Break the line between platform and runner, as a proxy that restarts does."""
    lines = web.platform.services.web_calls._lines[web.environment_id]
    await lines[0].close(1012, "cut by the test")  # type: ignore[attr-defined]


async def test_an_answer_comes_over_the_next_line(web: Web) -> None:
    async with web.running(), web.client() as client:
        call = asyncio.create_task(client.get("/guest/hang-in-thread"))
        await asyncio.to_thread(live_web.entered.acquire)
        await cut(web)
        live_web.released.set()
        answer = await call
        assert (answer.status_code, answer.json()) == (200, "released")


async def test_the_runner_serves_again_after_a_lost_line(web: Web) -> None:
    async with web.running(), web.client() as client:
        await cut(web)
        statuses = set()
        with anyio.fail_after(10):
            while 204 not in statuses:
                statuses.add((await client.get("/guest/empty")).status_code)
        assert statuses <= {204, 502}


async def test_a_call_whose_runner_stays_away_is_lost_in_time(web: Web) -> None:
    async with web.running(Limits(stop_s=1)) as worker, web.client() as client:
        call = asyncio.create_task(client.get("/guest/hang"))
        await asyncio.to_thread(live_web.entered.acquire)
        # Away for good, and without a word.
        worker.stop.request("a test")
        worker.stop.forced.set()
        await cut(web)
        answer = await call
        assert answer.status_code in (502, 503)


async def test_changed_variables_reach_the_next_call(owner: httpx.AsyncClient, running: Web) -> None:
    services = running.platform.services

    def change() -> None:
        (variable,) = services.variables.page(running.environment_id).items
        services.variables.update(running.environment_id, variable.id, value="blue")
        services.environments.apply_configuration(running.environment_id)

    await asyncio.to_thread(change)
    with anyio.fail_after(10):
        while (await owner.get("/api/all")).json()["config"] != {"COLOUR": "blue"}:
            await anyio.lowlevel.checkpoint()


async def test_the_start_hook_of_the_web_application_runs(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with web.running(), web.client() as client:
        assert (await client.get("/guest/empty")).status_code == 204
    assert "eaas.webapp starts with {'COLOUR': 'red'}" in caplog.text


async def test_the_schema_tells_no_internal_headers(anyone: httpx.AsyncClient) -> None:
    assert "x-connect" not in (await anyone.get("/openapi/spec.json")).text.lower()


def test_only_web_sessions_import_the_web_framework() -> None:
    code = (
        "import sys, connect_eaas.runner.launch, connect_eaas.runner.worker, connect_eaas.runner.events_session\n"
        "assert not {'fastapi', 'starlette'} & set(sys.modules)\n"
        "import connect_eaas.runner.web_session\n"
        "assert 'fastapi' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)


class Line:
    """A session that keeps what it is given."""

    def __init__(self) -> None:
        self.tasks: list[WebTask] = []
        self.taking = True

    def send_web_task(self, task: WebTask) -> bool:
        if self.taking:
            self.tasks.append(task)
        return self.taking


def answered(task: WebTask, status: int = 200) -> WebTask:
    return task.model_copy(update={"response": HttpResponse(status=status)})


REQUEST = HttpRequest(method="GET", url="/api/x")
TRACE = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


async def called(calls: WebCalls, number: int = 1) -> list[asyncio.Task[HttpResponse]]:
    made = [asyncio.create_task(calls.call("ENV-1", REQUEST, Caller(), trace=TRACE)) for _ in range(number)]
    await anyio.wait_all_tasks_blocked()
    return made


async def test_calls_go_to_the_line_with_the_least_to_do() -> None:
    calls, first, second, stopping = WebCalls(SystemClock()), Line(), Line(), Line()
    stopping.taking = False
    with calls.line("ENV-1", stopping), calls.line("ENV-1", first), calls.line("ENV-1", second):
        made = await called(calls, 4)
        assert (len(first.tasks), len(second.tasks), len(stopping.tasks)) == (2, 2, 0)
        for task in first.tasks + second.tasks:
            assert calls.answered("ENV-1", answered(task))
        assert [(await call).status for call in made] == [200] * 4


async def test_an_answer_counts_once_and_from_its_own_environment_only() -> None:
    calls, line = WebCalls(SystemClock()), Line()
    with calls.line("ENV-1", line):
        (call,) = await called(calls)
        (task,) = line.tasks
        assert task.options.connect_correlation_id == TRACE
        assert not calls.answered("ENV-2", answered(task, 500))
        assert calls.answered("ENV-1", answered(task))
        assert (await call).status == 200
        assert not calls.answered("ENV-1", answered(task))


async def test_a_lost_line_ends_its_calls_after_a_grace_and_no_others() -> None:
    clock, lost, kept = ManualClock(), Line(), Line()
    calls = WebCalls(clock)
    with calls.line("ENV-1", kept):
        with calls.line("ENV-1", lost):
            made = await called(calls, 2)
        await anyio.wait_all_tasks_blocked()
        assert not any(call.done() for call in made)
        clock.advance(timedelta(seconds=4))
        (done,), (pending,) = await asyncio.wait(made, return_when=asyncio.FIRST_COMPLETED)
        with pytest.raises(CallLostError, match="went away"):
            done.result()
        calls.answered("ENV-1", answered(kept.tasks[0]))
        assert (await pending).status == 200


async def test_a_caller_loses_patience() -> None:
    clock, line = ManualClock(), Line()
    calls = WebCalls(clock)
    with calls.line("ENV-1", line):
        (call,) = await called(calls)
        clock.advance(WEB_LIMIT)
        with pytest.raises(NoAnswerError, match=r"GET /api/x was not answered within 125 s"):
            await call
        assert not calls.answered("ENV-1", answered(line.tasks[0]))
