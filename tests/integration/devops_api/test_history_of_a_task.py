"""Calls that name a task are kept with it, and its page shows them and what became of its object."""

from __future__ import annotations

import httpx
import pytest
from scripted_runner import PURCHASE, Runners, made_for

from connect_devops.clock import ManualClock
from connect_devops.server import Platform, running_platform
from connect_devops.settings import Settings

TASK_HEADER = "EAAS_TASK_ID"


@pytest.fixture
async def task_id(runners: Runners) -> str:
    """A purchase that waits."""
    runner = await runners.start()
    await runner.cut()
    made = await runners.api.post("/devops/local/trigger", json={"event_type": PURCHASE})
    assert made.status_code == 200, made.text
    found: str = made.json()["tasks"][0]["id"]
    return found


async def test_calls_are_shown_with_their_status(runners: Runners, task_id: str) -> None:
    request_id = (await runners.task(task_id))["object"]["id"]
    header = {TASK_HEADER: task_id}
    for method, path in (
        ("GET", f"/requests/{request_id}"),
        ("GET", "/requests?eq(id,PR-0)&limit=1"),
        ("POST", f"/requests/{request_id}/approve"),
        ("GET", "/requests/PR-0"),
    ):
        await runners.api.request(method, path, headers=header)
    await runners.api.get("/requests/no-task")
    await runners.api.get("/requests/dashed", headers={TASK_HEADER.replace("_", "-"): task_id})
    await runners.api.get("/requests/stranger", headers={**header, "Authorization": "ApiKey SU-0:0"})
    answer = await runners.api.get(f"{runners.base}/tasks/{task_id}/calls")
    found = [(call["method"], call["path"], call["status"]) for call in answer.json()]
    assert found == [
        ("GET", f"/requests/{request_id}", 200),
        ("GET", "/requests?eq(id,PR-0)&limit=1", 200),
        ("POST", f"/requests/{request_id}/approve", 400),
        ("GET", "/requests/PR-0", 404),
        ("GET", "/requests/dashed", 404),
    ]
    assert all(call["duration"] > 0 for call in answer.json())
    part = await runners.api.get(f"{runners.base}/tasks/{task_id}/calls?limit=2&offset=1")
    assert part.headers["Content-Range"] == "items 1-2/5"
    assert (await runners.api.get(f"{runners.base}/tasks/TQ-0-0/calls")).status_code == 404


async def test_what_became_of_the_object(platform: Platform, runners: Runners, task_id: str) -> None:
    request_id = (await runners.task(task_id))["object"]["id"]
    header = {TASK_HEADER: task_id}
    failed = await runners.api.post(f"/requests/{request_id}/fail", json={"reason": "<b>none</b> left"}, headers=header)
    assert failed.status_code == 200, failed.text
    changed = (await runners.api.get(f"{runners.base}/tasks/{task_id}/object")).json()
    assert (changed["was"]["status"], changed["now"]["status"]) == ("pending", "failed")
    assert {"path": "reason", "was": "", "now": "<b>none</b> left"} in changed["changes"]
    assert not any(change["path"].startswith("events") for change in changed["changes"])
    async with httpx.AsyncClient(base_url=platform.url, follow_redirects=True) as browser:
        await browser.get(platform.browser_link())
        page = (await browser.get(f"/tasks/{task_id}")).text
    assert f"POST /requests/{request_id}/fail" in page
    assert "&lt;b&gt;none&lt;/b&gt; left" in page
    assert "<b>none" not in page


async def test_a_task_whose_object_the_platform_does_not_keep(runners: Runners) -> None:
    task_id = await runners.submit("PR-0")
    assert (await runners.api.get(f"{runners.base}/tasks/{task_id}/object")).status_code == 404
    assert (await runners.api.get(f"{runners.base}/tasks/{task_id}/calls")).json() == []


async def test_calls_are_kept_when_the_platform_stops(settings: Settings, clock: ManualClock) -> None:
    async with running_platform(settings, clock=clock) as platform, made_for(platform) as runners:
        task_id = await runners.submit("PR-0")
        await runners.api.get("/requests/PR-0", headers={TASK_HEADER: task_id})
    async with running_platform(settings, clock=clock) as platform:
        (call,) = platform.services.task_calls.of(task_id)
        assert (call.path, call.status) == ("/requests/PR-0", 404)
