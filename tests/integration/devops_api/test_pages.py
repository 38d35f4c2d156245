"""The pages: who may look, what they show, and that they follow what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from scripted_runner import Runners

from connect_devops.server import Platform
from connect_devops.services.queue import NewTask


@pytest.fixture
async def browser(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=platform.url, follow_redirects=True) as client:
        yield client


async def test_stranger_sees_how_to_be_let_in_and_nothing_else(runners: Runners, browser: httpx.AsyncClient) -> None:
    for path in ("/", f"/environments/{runners.environment_id}", "/tasks/TQ-0"):
        answer = await browser.get(path)
        assert answer.status_code == 401
        assert "ccli devops open" in answer.text
        assert runners.environment_id not in answer.text
    assert (await browser.get("/changes")).status_code == 401


async def test_link_lets_one_browser_in_once(platform: Platform, runners: Runners, browser: httpx.AsyncClient) -> None:
    link = (await runners.api.post("/devops/local/browser")).json()["url"]
    assert link.startswith(platform.url)

    overview = await browser.get(link)
    assert overview.status_code == 200
    assert runners.environment_id in overview.text

    async with httpx.AsyncClient(follow_redirects=True) as other:
        assert (await other.get(link)).status_code == 401


async def test_only_the_owner_gets_links(platform: Platform, browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/public/v1/devops/local/browser")).status_code == 401


async def test_pages_show_queue_and_attempts_escaped(
    platform: Platform, runners: Runners, browser: httpx.AsyncClient
) -> None:
    await browser.get(platform.browser_link())
    new = NewTask(runners.environment_id, "background", "asset_purchase_request_processing", "PR-<b>1</b>")
    task = platform.services.queue.submit(new).task

    environment = await browser.get(f"/environments/{runners.environment_id}")
    assert task.id in environment.text
    assert "PR-&lt;b&gt;1&lt;/b&gt;" in environment.text
    history = await browser.get(f"/tasks/{task.id}")
    assert "Not delivered yet" in history.text
    assert (await browser.get("/tasks/TQ-0-0")).status_code == 404


async def test_secured_values_are_masked(platform: Platform, runners: Runners, browser: httpx.AsyncClient) -> None:
    await browser.get(platform.browser_link())
    platform.services.variables.create(runners.environment_id, name="PASSWORD", value="swordfish", secure=True)

    page = await browser.get(f"/environments/{runners.environment_id}")

    assert "PASSWORD" in page.text
    assert "swordfish" not in page.text


async def test_page_is_told_of_changes(platform: Platform, runners: Runners, browser: httpx.AsyncClient) -> None:
    await browser.get(platform.browser_link())
    async with browser.stream("GET", "/changes") as changes:
        lines = changes.aiter_lines()
        assert await anext(lines) == ": here"
        new = NewTask(runners.environment_id, "background", "asset_purchase_request_processing", "PR-2")
        platform.services.queue.submit(new)
        # Returns at the event; without it the test's time limit ends it.
        while await anext(lines) != "event: changed":
            pass
