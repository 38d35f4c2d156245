"""The fixtures in a project of an author: its tests run by a pytest of their own, beside the client's plugin."""

import subprocess
import sys
from pathlib import Path

AUTHORS_TESTS = """
import logging
from connect.client import AsyncConnectClient, ClientError, ConnectClient
from connect.eaas.core.decorators import event
from connect.eaas.extension import Extension, ProcessingResponse
from connect_eaas import BackgroundResponse, EventsApplicationBase
import pytest


class Ext(Extension):
    @event("asset_purchase_request_processing", statuses=["pending"])
    def buy(self, request):
        self.logger.warning("Approving %s", request["id"])
        self.client.requests[request["id"]]("approve").post({"template_id": self.config["TEMPLATE"]})
        return ProcessingResponse.done()


class AsyncExt(EventsApplicationBase):
    @event("asset_purchase_request_processing", statuses=["pending"])
    async def buy(self, request):
        await self.client.requests[request["id"]]("approve").post({"template_id": self.config["TEMPLATE"]})
        return BackgroundResponse.done()


REQUEST = {"id": "PR-1", "status": "pending"}
CONFIG = {"TEMPLATE": "TL-1"}


def test_plain(extension_factory, client_mocker_factory, caplog):
    mocker = client_mocker_factory()
    mocker.requests["PR-1"]("approve").post(match_body={"template_id": "TL-1"}, return_value={})
    assert extension_factory(Ext, CONFIG).buy(REQUEST).status == "success"
    assert "Approving PR-1" in caplog.text


def test_old_construction(connect_client, logger, client_mocker_factory):
    client_mocker_factory(base_url=connect_client.endpoint).requests["PR-1"]("approve").post(return_value={})
    assert isinstance(connect_client, ConnectClient)
    assert Ext(connect_client, logger, CONFIG).buy(REQUEST).status == "success"


def test_runner(task_runner, client_mocker_factory):
    client_mocker_factory().requests["PR-1"]("approve").post(return_value={})
    assert task_runner(Ext, "asset_purchase_request_processing", REQUEST, config=CONFIG).result == "success"


def test_not_mocked(task_runner):
    outcome = task_runner(Ext, "asset_purchase_request_processing", REQUEST, config=CONFIG)
    assert outcome.result == "retry"
    assert isinstance(outcome.exception, ClientError)
    assert "not mocked" in outcome.message


def test_not_mocked_async(task_runner):
    outcome = task_runner(AsyncExt, "asset_purchase_request_processing", REQUEST, config=CONFIG)
    assert outcome.result == "retry"
    assert isinstance(outcome.exception, ClientError)


@pytest.mark.asyncio
async def test_async(application_factory, async_client_mocker_factory):
    async_client_mocker_factory().requests["PR-1"]("approve").post(return_value={})
    application = application_factory(AsyncExt, CONFIG)
    assert isinstance(application.client, AsyncConnectClient)
    assert (await application.buy(REQUEST)).status == "success"


@pytest.mark.asyncio
async def test_async_client(async_connect_client, async_client_mocker_factory):
    async_client_mocker_factory().products["PRD-1"].get(return_value={"id": "PRD-1"})
    assert await async_connect_client.products["PRD-1"].get() == {"id": "PRD-1"}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_authors_tests_pass_with_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_extension.py").write_text(AUTHORS_TESTS, encoding="utf-8")
    done = run(tmp_path)
    assert "7 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_the_fixtures_are_documented(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): ...\n", encoding="utf-8")
    listed = run(tmp_path, "--fixtures").stdout
    names = (
        "connect_client", "async_connect_client", "logger", "application_factory", "extension_factory", "task_runner",
        "transformation_runner", "test_client_factory", "devops", "devops_clock", "devops_project",
    )  # fmt: skip
    page = (Path(__file__).parents[3] / "docs" / "sdk.md").read_text(encoding="utf-8")
    for name in names:
        assert f"\n{name} -- " in listed
        assert f"`{name}" in page
