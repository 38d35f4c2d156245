"""A task's page in a real browser: what its handler asked of the API, what came of its object, and that it follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from chromium import needs_chromium
from loop import Loop
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), needs_chromium]

PURCHASE = "asset_purchase_request_processing"


def test_calls_and_changes_appear_while_one_looks_and_what_is_open_stays_open(
    make_loop: Callable[..., Loop], demo_project: Path, page: Page, tmp_path: Path
) -> None:
    loop = make_loop(demo_project)
    runner = loop.start_runner()
    runner.stop()
    made = loop.trigger(PURCHASE)
    request_id, task_id = made["object"]["id"], made["tasks"][0]["id"]
    page.goto(loop.client.post("/devops/local/browser")["url"])
    page.goto(f"{loop.client.url}/tasks/{task_id}")
    expect(page.get_by_role("cell", name="Not delivered yet")).to_be_visible()
    expect(page.get_by_role("cell", name="Nothing has changed")).to_be_visible()
    page.get_by_text("As it was").click()
    expect(page.locator("details pre")).to_contain_text(f'"id": "{request_id}"')

    # Nobody reloads it.
    loop.start_runner()
    call = page.get_by_role("row").filter(has_text=f"POST /requests/{request_id}/approve")
    expect(call).to_contain_text("200")
    expect(page.get_by_role("row").filter(has_text="asset.status")).to_contain_text('"active"')
    expect(page.locator("details pre")).to_be_visible()
    page.screenshot(path=tmp_path / "task.png", full_page=True)
