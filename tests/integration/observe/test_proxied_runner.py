"""The real command behind real proxies: the platform's name means nothing on this machine, only to the proxy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from scripted_platform import ScriptedPlatform, a_task
from small_proxies import http_proxy, socks5_proxy
from test_cextrun_process import cextrun, credentials

from connect_eaas.client import ClientFactory

HOST = "platform.example"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
async def test_sessions_and_rest_go_through_an_http_proxy(platform: ScriptedPlatform, project: Path, name: str) -> None:
    address = f"{HOST}:{platform.port}"
    async with http_proxy("user:pass word") as seen:
        variables = {
            **credentials(platform),
            "SERVER_ADDRESS": f"http://{address}",
            name: f"http://user:pass%20word@127.0.0.1:{seen.port}",
        }
        async with cextrun(project, **variables) as runner:
            await platform.connected()
            await platform.background.send(a_task())
            result = await platform.result_of(a_task())
            runner.process.terminate()
            assert await runner.ended() == 0
    assert result.output is not None
    assert result.output.result == "skip"
    assert set(seen.tunnels) == {address}
    assert seen.forwarded
    assert all(url.startswith(f"http://{address}/public/v1/requests") for url in seen.forwarded)
    assert "pass" not in runner.log.replace("passed", "")


async def test_sessions_and_rest_go_through_a_socks_proxy(platform: ScriptedPlatform, project: Path) -> None:
    address = f"{HOST}:{platform.port}"
    async with socks5_proxy() as seen:
        variables = {
            **credentials(platform),
            "SERVER_ADDRESS": f"http://{address}",
            "ALL_PROXY": f"socks5h://127.0.0.1:{seen.port}",
        }
        async with cextrun(project, **variables) as runner:
            await platform.connected()
            tunnels = len(seen.tunnels)
            await platform.background.send(a_task())
            result = await platform.result_of(a_task())
            runner.process.terminate()
            assert await runner.ended() == 0
    assert result.output is not None
    assert result.output.result == "skip"
    assert set(seen.tunnels) == {address}
    assert len(seen.tunnels) > tunnels


async def test_proxy_that_refuses_is_named_without_its_password(platform: ScriptedPlatform, project: Path) -> None:
    async with http_proxy("user:right") as seen:
        variables = {
            **credentials(platform),
            "SERVER_ADDRESS": f"http://{HOST}:{platform.port}",
            "HTTP_PROXY": f"http://user:wrong-secret@127.0.0.1:{seen.port}",
        }
        async with cextrun(project, **variables) as runner:
            await runner.until_logged("HTTP 407")
    assert f"through the proxy http://127.0.0.1:{seen.port}" in runner.log
    assert "wrong-secret" not in runner.log


async def test_platform_on_this_machine_is_reached_directly(platform: ScriptedPlatform, project: Path) -> None:
    variables = {**credentials(platform), "HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    async with cextrun(project, "-u", **variables) as runner:
        await platform.connected()
        await platform.background.send(a_task())
        result = await platform.result_of(a_task())
        runner.process.terminate()
        assert await runner.ended() == 0
    assert result.output is not None
    assert result.output.result == "skip"


@pytest.mark.parametrize("kind", ["http", "socks5h"])
async def test_clients_of_handlers_use_the_proxy(
    platform: ScriptedPlatform, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with http_proxy() if kind == "http" else socks5_proxy() as seen:
        monkeypatch.setenv("ALL_PROXY", f"{kind}://127.0.0.1:{seen.port}")
        factory = ClientFactory(endpoint=f"http://{HOST}:{platform.port}/public/v1", api_key=platform.api_key)
        try:
            read = await asyncio.to_thread(factory.client().requests["PR-1"].get)
            assert read["id"] == "PR-1"
            assert (await factory.async_client().requests["PR-1"].get())["id"] == "PR-1"
        finally:
            await factory.aclose()
    assert len(seen.tunnels) + len(seen.forwarded) == 2
