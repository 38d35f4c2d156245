"""Weaknesses of docs/weaknesses.md that no other test of the runner is about."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest_runner import running
from sample_application import Sample
from scripted_platform import ScriptedPlatform, a_task, serving
from websockets.http11 import Request, Response

from connect_eaas import BackgroundResponse, EventsApplicationBase, event
from connect_eaas.declarations import Declarations
from connect_eaas.errors import DeclarationError
from connect_eaas.protocol.messages import EventDefinition, SetupResponse
from connect_eaas.runner.configuration import Configuration
from connect_eaas.runner.connection import ConnectionFailedError, RefusedError, connect_to_platform
from connect_eaas.runner.settings import read_settings


class WithoutRange(ScriptedPlatform):
    """A platform behind a gateway that strips ``Content-Range``."""

    async def answer(self, connection: Any, request: Request) -> Response | None:
        response = await super().answer(connection, request)
        if response is not None:
            response.headers.pop("Content-Range", None)
        return response


def test_background_event_without_statuses_is_refused_before_the_start() -> None:
    class AnyStatus(EventsApplicationBase):
        @event("asset_purchase_request_processing")
        def purchase(self, request: dict[str, Any]) -> BackgroundResponse:
            return BackgroundResponse.done()

    with pytest.raises(DeclarationError, match=r"AnyStatus\.purchase: .* needs at least one status of: .*pending"):
        Declarations.of(AnyStatus)


@pytest.mark.parametrize(("listed", "result"), [([{"id": "PR-1"}], "success"), ([], "skip")])
async def test_missing_content_range_is_no_error(tmp_path: Path, listed: list[Any], result: str) -> None:
    Sample.reset()
    platform = WithoutRange()
    platform.objects["requests"] = listed
    async with serving(platform), running(Sample, platform, tmp_path / "state"):
        await platform.connected()
        await platform.background.send(a_task())
        answered = await platform.result_of(a_task())
    assert answered.output is not None
    assert answered.output.result == result


async def test_the_reason_of_a_close_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Sample.reset()
    platform = ScriptedPlatform()
    async with serving(platform), running(Sample, platform, tmp_path / "state"):
        await platform.connected()
        before = platform.background
        await before.socket.close(1012, "moving house")
        await platform.until(lambda: platform.conversations.get("background") not in (None, before))
    assert "connection lost (1012 moving house)" in caplog.text


def test_later_event_definitions_replace_those_known() -> None:
    configuration = Configuration("ENV-1111-2222-01")
    old, new = (
        EventDefinition(
            event_type="e",
            api_resource_endpoint=f"{name}/{{pk}}",
            api_collection_endpoint=name,
            api_collection_filter="f",
        )
        for name in ("old", "new")
    )
    configuration.apply(SetupResponse(event_definitions=[old]))
    configuration.apply(SetupResponse(event_definitions=[new]))
    assert configuration.definition("e") == new


async def test_proxy_is_asked_for_the_port_of_the_server_address() -> None:
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        settings = read_settings(
            {
                "API_KEY": "ApiKey SU-1:x",
                "ENVIRONMENT_ID": "ENV-1111-2222-01",
                "SERVER_ADDRESS": "connect.example:8443",
                "https_proxy": f"http://127.0.0.1:{port}",
            }
        )
        with pytest.raises((ConnectionFailedError, RefusedError)):
            await connect_to_platform(settings, "instance")
    assert asked == [b"CONNECT connect.example:8443 HTTP/1.1\r\n"]


async def test_answers_leave_as_soon_as_they_exist(platform: ScriptedPlatform, start: Any) -> None:
    """Twenty answers one after the other: looking for them twice a second would take ten seconds."""
    Sample.reset()
    await start(Sample)
    await platform.connected()
    clock = asyncio.get_running_loop().time

    begun = clock()
    for number in range(1, 21):
        task = a_task(
            number,
            category="interactive",
            event_type="product_custom_event_processing",
            data={"method": "POST", "headers": {}, "body": {}},
        )
        await platform.interactive.send(task)
        await platform.result_of(task)

    assert clock() - begun < 4


class TimedLoop(asyncio.SelectorEventLoop):
    """An event loop that knows what it was asked to do later."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[asyncio.TimerHandle] = []

    def call_at(self, when: float, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
        timer = super().call_at(when, *arguments, **options)
        self.timers.append(timer)
        return timer

    def pauses(self) -> list[float]:
        """Seconds to whatever is still due."""
        now = self.time()
        return sorted(timer.when() - now for timer in self.timers if not timer.cancelled() and timer.when() > now)


def test_idle_runner_waits_for_frames_and_for_nothing_else(tmp_path: Path) -> None:
    """Whoever looks for something again and again plans his next look; here there are only pings and limits."""
    loop = TimedLoop()
    platform = ScriptedPlatform()

    async def serve_one_task() -> list[float]:
        Sample.reset()
        async with serving(platform), running(Sample, platform, tmp_path / "state"):
            await platform.connected()
            await platform.background.send(a_task())
            await platform.result_of(a_task())
            for _ in range(10):
                # What the task left to be done; who polls always has something more.
                pauses = loop.pauses()
                if pauses[0] > 2:
                    break
                await asyncio.sleep(pauses[0])
            return pauses

    try:
        pauses = loop.run_until_complete(serve_one_task())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    assert pauses[0] > 2, f"something is due in {pauses[0]:.1f} s, again and again"
