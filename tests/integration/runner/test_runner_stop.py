"""A stop is graceful, goes through phases, and says what it did."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from sample_application import Sample
from scripted_platform import ScriptedPlatform, a_task

from connect_eaas.applications import EventsApplicationBase
from connect_eaas.protocol.messages import Shutdown
from connect_eaas.runner.errors import CredentialsError, RunnerError
from connect_eaas.runner.outbox_file import OutboxFile
from connect_eaas.runner.settings import Limits


@pytest.fixture(autouse=True)
def fresh_sample() -> Any:
    Sample.reset()
    yield
    Sample.gate.set()


async def begin_gated(platform: ScriptedPlatform, *numbers: int) -> None:
    platform.objects["requests/PR-7"] = {"id": "PR-7", "plan": "gate"}
    await platform.background.send(*(a_task(number, object_id="PR-7") for number in numbers))
    await platform.until(lambda: len(platform.requests) == 2 * len(numbers))


async def test_running_task_finishes_and_its_result_is_delivered(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()
    await begin_gated(platform, 1)

    run.worker.stop.signal("SIGTERM")
    await platform.until(lambda: sorted(platform.shutdowns) == ["background", "interactive"])
    # It crosses with the shutdown, and must not be run.
    late = '{"version": 2, "message_type": "task", "data": ' + a_task(2).model_dump_json() + "}"
    await platform.background.socket.send(late)
    Sample.gate.set()
    report = await run.stop()

    (answered,) = platform.results
    assert answered.output is not None
    assert answered.output.result == "success"
    assert (report.finished, report.abandoned, report.undelivered) == (1, 0, 0)
    assert "SIGTERM" in str(report)
    assert Sample.hooks == ["startup green", "shutdown"]


async def test_task_that_waits_for_a_place_is_handed_back(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample, limits=Limits(concurrency=1, stop_s=10))
    await platform.connected()
    await platform.background.send(a_task(8))
    await platform.result_of(a_task(8))
    await platform.until(lambda: len(platform.requests) == 2)
    platform.requests.clear()
    await begin_gated(platform, 1)
    await platform.background.send(a_task(2, object_id="PR-7"), a_task(3, object_id="PR-7"))
    # A known result is repeated at once, so those before it have been taken in.
    await platform.background.send(a_task(8))
    await platform.until(lambda: len(platform.results_of("TQ-0008")) == 2)

    run.worker.stop.signal("SIGINT")
    await platform.until(lambda: "background" in platform.shutdowns)
    Sample.gate.set()
    report = await run.stop()

    assert report.handed_back == 2
    assert [result.options.task_id for result in platform.results] == ["TQ-0008", "TQ-0008", "TQ-0001"]


async def test_second_signal_means_now(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()
    await begin_gated(platform, 1)

    run.worker.stop.signal("SIGINT")
    await platform.until(lambda: "background" in platform.shutdowns)
    run.worker.stop.signal("SIGINT")
    report = await run.stop()

    assert report.abandoned == 1
    assert platform.results == []


async def test_running_task_is_given_up_after_the_limit(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample, limits=Limits(stop_s=1, deliver_s=1))
    await platform.connected()
    await begin_gated(platform, 1)

    report = await run.stop()

    assert report.abandoned == 1
    assert platform.results == []
    assert Sample.hooks == ["startup green", "shutdown"]


def leases_in(directory: Path) -> list[str]:
    (journal,) = directory.rglob("outbox.jsonl")
    kept = OutboxFile(journal)
    kept.close()
    return [task.options.lease for task in kept.restored]


async def test_unconfirmed_result_is_kept_for_the_next_start(
    platform: ScriptedPlatform, start: Any, tmp_path: Path
) -> None:
    platform.acknowledging = False
    run = await start(Sample, limits=Limits(deliver_s=1))
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))

    report = await run.stop()

    assert report.undelivered == 1
    assert leases_in(tmp_path) == ["lease-1"]


async def test_platform_asks_to_stop(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()
    await platform.background.send(a_task(1))
    await platform.result_of(a_task(1))

    platform.interactive.session.send(Shutdown())
    await platform.interactive.flush()
    with anyio.fail_after(10):
        await run.ended.wait()

    assert run.report is not None
    assert run.report.reason == "the platform asked to stop"
    assert Sample.hooks == ["startup green", "shutdown"]


@contextmanager
def pauses(kind: str) -> Iterator[anyio.streams.memory.MemoryObjectReceiveStream[float]]:
    """The seconds that a session waits before its next tries, told when each pause begins."""
    send, receive = anyio.create_memory_object_stream[float](100)

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "trying again in" in record.msg and isinstance(record.args, tuple):
                wait = record.args[1]
                assert isinstance(wait, float)
                send.send_nowait(wait)

    keeper, log = Keeper(), logging.getLogger(f"connect.eaas.runner.{kind}")
    log.addHandler(keeper)
    try:
        with send, receive:
            yield receive
    finally:
        log.removeHandler(keeper)


async def refused_later(
    platform: ScriptedPlatform, waits: anyio.streams.memory.MemoryObjectReceiveStream[float]
) -> None:
    """Cut the line and refuse the key: the pause before the next try is a long one then."""
    platform.refuse_with = 401
    platform.background.socket.transport.abort()
    with anyio.fail_after(10):
        while await waits.receive() < 4:
            pass  # The lost line itself is tried again soon.


async def test_stop_does_not_wait_for_a_reconnect(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()
    with pauses("background") as waits:
        await refused_later(platform, waits)

        report = await run.stop()

    assert report.seconds < 2
    assert Sample.hooks == ["startup green", "shutdown"]


async def test_stop_ends_the_pause_so_that_results_are_still_delivered(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()
    await begin_gated(platform, 1)
    with pauses("background") as waits:
        await refused_later(platform, waits)
        Sample.gate.set()
        platform.refuse_with = None

        report = await run.stop()

    assert report.seconds < 4
    assert report.undelivered == 0
    assert [result.options.task_id for result in platform.results] == ["TQ-0001"]


@pytest.mark.parametrize(("status", "variable"), [(401, "API_KEY"), (403, "API_KEY"), (404, "ENVIRONMENT_ID")])
async def test_refused_credentials_end_the_start(
    platform: ScriptedPlatform, start: Any, status: int, variable: str
) -> None:
    platform.refuse_with = status
    run = await start(Sample)

    with anyio.fail_after(10):
        await run.ended.wait()

    assert isinstance(run.error, CredentialsError)
    assert variable in str(run.error)
    assert "secret" not in str(run.error)


async def test_credentials_refused_later_are_tried_again(platform: ScriptedPlatform, start: Any) -> None:
    run = await start(Sample)
    await platform.connected()

    with pauses("background") as waits:
        await refused_later(platform, waits)
    await platform.interactive.send(
        a_task(1, category="interactive", event_type="asset_purchase_request_validation", data={"id": "PR-1"})
    )
    await platform.result_of(a_task(1))

    assert not run.ended.is_set()
    assert not run.worker.stop.requested.is_set()


async def test_stop_waits_for_the_start_up_hook_so_that_hooks_come_in_pairs(
    platform: ScriptedPlatform, start: Any
) -> None:
    begun, go_on = anyio.Event(), anyio.Event()
    hooks: list[str] = []

    class Slow(EventsApplicationBase):
        @classmethod
        async def on_startup(cls, logger: Any, config: dict[str, Any]) -> None:
            begun.set()
            await go_on.wait()
            hooks.append("startup")

        @classmethod
        def on_shutdown(cls, logger: Any, config: dict[str, Any]) -> None:
            hooks.append("shutdown")

    run = await start(Slow)
    with anyio.fail_after(10):
        await begun.wait()
    run.worker.stop.signal("SIGTERM")
    await platform.until(lambda: len(platform.shutdowns) == 2)
    go_on.set()
    await run.stop()

    assert hooks == ["startup", "shutdown"]


async def test_failing_start_up_hook_ends_the_runner_before_any_task(platform: ScriptedPlatform, start: Any) -> None:
    class Broken(EventsApplicationBase):
        @classmethod
        async def on_startup(cls, logger: Any, config: dict[str, Any]) -> None:
            raise RuntimeError("no database")

    run = await start(Broken)
    with anyio.fail_after(10):
        await run.ended.wait()

    assert isinstance(run.error, RunnerError)
    assert "Broken.on_startup" in str(run.error)
