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
