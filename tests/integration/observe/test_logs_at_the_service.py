"""Records of handlers and endpoints at the log service, sent by the real command over TLS; and life without its key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from log_listener import HOST, log_listener
from scripted_platform import ScriptedPlatform, a_task
from test_cextrun_process import cextrun, credentials

from connect_eaas.protocol.messages import (
    HttpRequest,
    Logging,
    LogMeta,
    SetupResponse,
    Variable,
    WebTask,
    WebTaskOptions,
)

WEB = """
    from connect.eaas.core.decorators import router, web_app
    from connect.eaas.core.extension import WebApplicationBase
    from connect.eaas.core.inject.common import get_logger
    from fastapi import Depends


    @web_app(router)
    class Web(WebApplicationBase):
        @router.get("/hello")
        def hello(self, logger=Depends(get_logger)):
            logger.info("the endpoint says pass-word-1")
            return {}
"""
SECRET = Variable(name="PASSWORD", value="pass-word-1", secure=True)
META = LogMeta(service_id="SRVC-1111-2222", account_id="VA-1", account_name="Vendor of tests")


@pytest.fixture
def project_with_web(project: Path) -> Iterator[Path]:
    (project / "my_extension" / "web.py").write_text(dedent(WEB))
    with (project / "pyproject.toml").open("a") as file:
        file.write('webapp = "my_extension.web:Web"\n')
    return project


def a_call() -> WebTask:
    return WebTask(
        options=WebTaskOptions(correlation_id="call-1", reply_to="hub", installation_id="EIN-1"),
        request=HttpRequest(
            method="GET",
            url="/api/hello",
            headers={"X-Connect-Installation-Id": "EIN-1", "X-Connect-Logging-Level": "INFO"},
        ),
    )


async def work(platform: ScriptedPlatform) -> None:
    """Have the handler and the endpoint write their lines."""
    await platform.connected("background", "webapp")
    await platform.background.send(a_task())
    result = await platform.result_of(a_task())
    assert result.output is not None
    assert result.output.result == "skip"
    await platform.conversations["webapp"].send(a_call())


async def test_records_of_handlers_and_of_web_applications_reach_the_log_service(
    platform: ScriptedPlatform, project_with_web: Path, tmp_path: Path
) -> None:
    logs = Logging(logging_api_key="key-of-the-log-service", log_level="INFO", meta=META)
    platform.response = SetupResponse(variables=[SECRET], environment_type="production", logging=logs)
    async with (
        log_listener(tmp_path) as service,
        cextrun(project_with_web, "-u", **credentials(platform), **service.variables) as runner,
    ):
        await work(platform)
        handler = await service.until(lambda record: record["logger"] == "eaas.eventsapp")
        endpoint = await service.until(lambda record: record["logger"] == "eaas.webapp")
        runner.process.terminate()
        assert await runner.ended() == 0, runner.log

    assert service.tokens == {"key-of-the-log-service"}
    assert set(service.proxy.tunnels) == {f"{HOST}:8071"}
    assert handler["message"].endswith("version ONE of the handler")
    assert handler["task_id"] == a_task().options.task_id
    assert endpoint["message"].startswith("the endpoint says ")
    assert endpoint["installation_id"] == "EIN-1"
    for record in (handler, endpoint):
        assert identity(record) == {
            "service_id": "SRVC-1111-2222",
            "environment_id": "ENV-1111-2222-01",
            "environment_type": "production",
            "account_id": "VA-1",
            "account_name": "Vendor of tests",
        }
    # Each record comes once, whatever loggers stand above the one that was asked.
    assert [record["message"] for record in service.records].count(handler["message"]) == 1
    assert len([record for record in service.records if record["logger"] == "eaas.webapp"]) == 1
    sent = json.dumps(service.records)
    assert "pass-word-1" not in sent
    assert "secret-of-the-key" not in sent
    assert "key-of-the-log-service" not in sent
    assert "key-of-the-log-service" not in runner.log


def identity(record: dict[str, Any]) -> dict[str, Any]:
    names = ("service_id", "environment_id", "environment_type", "account_id", "account_name")
    return {name: record[name] for name in names}


@pytest.mark.parametrize("logs", [None, Logging(), Logging(log_level="INFO", meta=META)])
async def test_without_a_key_records_are_shown_and_sent_nowhere(
    platform: ScriptedPlatform, project_with_web: Path, tmp_path: Path, logs: Logging | None
) -> None:
    platform.response = SetupResponse(variables=[SECRET], environment_type="development", logging=logs)
    async with (
        log_listener(tmp_path) as service,
        cextrun(project_with_web, "-u", **credentials(platform), **service.variables) as runner,
    ):
        await work(platform)
        await runner.until_logged("the endpoint says")
        await runner.until_logged("version ONE of the handler")
        runner.process.terminate()
        assert await runner.ended() == 0, runner.log

    assert service.proxy.tunnels == []
    assert "Traceback" not in runner.log
    assert "pass-word-1" not in runner.log


async def test_what_a_handler_said_last_still_reaches_the_log_service(
    platform: ScriptedPlatform, project: Path, tmp_path: Path
) -> None:
    logs = Logging(logging_api_key="key-of-the-log-service", log_level="INFO", meta=META)
    platform.response = SetupResponse(environment_type="production", logging=logs)
    async with (
        log_listener(tmp_path) as service,
        cextrun(project, "-u", **credentials(platform), **service.variables) as runner,
    ):
        await platform.connected()
        await platform.background.send(a_task())
        await platform.result_of(a_task())
        runner.process.terminate()
        begun = asyncio.get_running_loop().time()
        assert await runner.ended() == 0, runner.log
        took_s = asyncio.get_running_loop().time() - begun
        await service.until(lambda record: record["message"].endswith("version ONE of the handler"))

    assert took_s < 10
