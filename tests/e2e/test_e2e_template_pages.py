"""Pages of projects from the template, in a real browser, with the platform's portal around them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import needs_chromium
from loop import Loop, rendered_demo
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

pytestmark = [
    pytest.mark.e2e,
    needs_chromium,
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new window; errors of scripts fail the test, and so does what the browser's console complains about."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = context.new_page()
    shown.set_default_timeout(15_000)
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield shown
    context.close()
    expected = ("status of 4", "status of 5")
    assert not [problem for problem in problems if not any(part in problem for part in expected)]


def running(make_loop: Callable[..., Loop], root: Path, *answers: str) -> Loop:
    """A project from the template, running."""
    made = root / "made"
    made.mkdir()
    loop = make_loop(rendered_demo(made, "webapp_supports_ui=y", *answers))
    loop.start_runner()
    loop.until(lambda: loop.client.get(loop.path)["status"] == "connected", "it is connected")
    return loop


def link(loop: Loop, label: str) -> str:
    body = {"environment": loop.stage.environment_id, "page": label}
    address: str = loop.client.post("/devops/local/browser", body)["url"]
    return address


def install(loop: Loop) -> str:
    made = loop.client.post("/devops/installations", {"environment": {"id": loop.stage.environment_id}})
    identifier: str = made["id"]
    return identifier


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=page]")


def message(page: Page) -> Locator:
    return inside(page).locator("#message")


def sell(loop: Loop, **changes: Any) -> dict[str, Any]:
    """Make a subscription that is active; returns the request that changes it."""
    body = {"event_type": "asset_change_request_processing", "extension_id": loop.stage.extension_id, **changes}
    request: dict[str, Any] = loop.client.post("/devops/local/trigger", body)["object"]
    return request


@pytest.mark.parametrize("use_asyncio", ["n", "y"])
def test_settings_are_saved_and_the_chart_follows_them(
    make_loop: Callable[..., Loop], page: Page, tmp_path: Path, use_asyncio: str
) -> None:
    loop = running(
        make_loop, tmp_path, "extension_type=multiaccount", "application_types=webapp", f"use_asyncio={use_asyncio}"
    )
    installation = install(loop)
    page.goto(link(loop, "Subscriptions"))
    expect(message(page)).to_have_text("Your account has no marketplaces.")
    request = sell(loop)
    request["id"], request["asset"]["id"] = "PR-1111-1111-1111-001", "AS-1111-1111-1111"
    request["asset"]["marketplace"] = {"id": "MP-11111", "name": "Other <Marketplace>"}
    sell(loop, payload=request)

    page.reload()
    rows = inside(page).locator("tbody tr")
    expect(rows).to_have_text(["Sample Marketplace1", "Other <Marketplace>1"])
    # Its picture is not on this platform; nor has the other one any.
    expect(inside(page).locator("tbody ui-icon svg")).to_have_count(2)
    page.screenshot(path=tmp_path / "chart.png")
    inside(page).get_by_role("button", name="Open the list of subscriptions").click()
    expect(page.locator("#notice")).to_contain_text('{"name":"subscriptions"}')

    page.get_by_role("link", name="Settings").click()
    inside(page).get_by_label("Other <Marketplace>").check()
    inside(page).get_by_role("button", name="Save").click()
    expect(inside(page).get_by_role("status")).to_have_text("Saved.")
    page.screenshot(path=tmp_path / "settings.png")
    assert loop.client.get(f"/devops/installations/{installation}")["settings"] == {"marketplaces": ["MP-11111"]}

    # Somebody meddled with the page.
    inside(page).get_by_label("Sample Marketplace").evaluate("box => { box.value = 'MP-0'; box.checked = true; }")
    inside(page).get_by_role("button", name="Save").click()
    expect(inside(page).get_by_role("alert")).to_have_text("Not saved. The account has no marketplace MP-0.")
    page.screenshot(path=tmp_path / "refused.png")

    page.get_by_role("link", name="Subscriptions").click()
    expect(rows).to_have_text(["Other <Marketplace>1"])


def test_dialogs_of_transformations_save_what_the_transformations_read(
    make_loop: Callable[..., Loop], page: Page, tmp_path: Path
) -> None:
    loop = running(make_loop, tmp_path, "extension_type=transformations")
    install(loop)
    save, saved = page.get_by_role("button", name="Save"), page.locator("#saved pre")

    page.goto(link(loop, "Copy columns"))
    inside(page).get_by_label("Copy", exact=True).fill("Again")
    inside(page).get_by_role("button", name="Add a column").click()
    inside(page).get_by_label("Copy", exact=True).nth(1).fill("Again")
    save.click()
    expect(page.locator("#problem")).to_contain_text("two copies have the name 'Again'")
    page.screenshot(path=tmp_path / "refused.png")
    inside(page).get_by_label("Copy", exact=True).nth(1).fill("Once more")
    save.click()
    expect(saved).to_contain_text("→ Once more")
    page.screenshot(path=tmp_path / "copy.png")
    settings = json.loads(saved.inner_text())["settings"]
    assert [copy["target"] for copy in settings["copies"]] == ["Again", "Once more"]

    page.get_by_role("link", name="Look subscriptions up").click()
    inside(page).get_by_label("What to write").select_option("Customer")
    save.click()
    expect(page.locator("#problem")).not_to_be_empty()
    inside(page).get_by_label("New column").fill("Customer")
    save.click()
    expect(saved).to_contain_text("Stops the request when there is no such subscription.")
    page.screenshot(path=tmp_path / "lookup.png")

    page.get_by_role("link", name="Do by hand").click()
    inside(page).get_by_label("What people have to do").fill("Look into the box.")
    inside(page).get_by_label("Column that they fill in").fill("Colour")
    inside(page).get_by_role("checkbox").first.check()
    save.click()
    expect(saved).to_contain_text('"overview": "Look into the box."')
    page.screenshot(path=tmp_path / "manual.png")

    # The next request has what was saved.
    made = loop.trigger("billing_transformation_request", **{"transformation.method": "copy_columns"})
    assert made["object"]["transformation"]["settings"] == settings
    (task,) = made["tasks"]
    done = loop.until_status(task["id"], "succeeded", "failed")
    assert done["status"] == "succeeded", done
    columns = loop.client.get(f"/billing/requests/{made['object']['id']}")["transformation"]["columns"]
    assert [column["name"] for column in columns["output"]] == ["Again", "Once more"]


def test_a_plain_request_has_settings_that_the_new_project_accepts(
    make_loop: Callable[..., Loop], tmp_path: Path
) -> None:
    loop = running(make_loop, tmp_path, "extension_type=transformations")
    for event in ("billing_transformation_request", "pricing_transformation_request"):
        made = loop.trigger(event)
        transformation = made["object"]["transformation"]
        ((source, target),) = [(copy["source"], copy["target"]) for copy in transformation["settings"]["copies"]]
        assert transformation["overview"] == f"Copies these columns:\n{source} → {target}"
        assert [[one["name"] for one in transformation["columns"][side]] for side in ("input", "output")] == [
            [source],
            [target],
        ]
        (note,) = made["notes"]
        assert "made up from what /api/validate/copy_columns takes" in note
        assert loop.until_status(made["tasks"][0]["id"], "succeeded", "failed")["status"] == "succeeded"
    # A sheet is about the subscriptions that there are.
    looking_up = {"transformation.method": "lookup_subscription"}
    made = loop.trigger("billing_transformation_request", **looking_up)
    assert "There is no subscription" in loop.until_status(made["tasks"][0]["id"], "succeeded", "failed")["output"]
    loop.trigger("asset_purchase_request_processing")
    made = loop.trigger("billing_transformation_request", **looking_up)
    done = loop.until_status(made["tasks"][0]["id"], "succeeded", "failed")
    assert done["status"] == "succeeded", done["output"]


def test_a_transformation_without_settings_says_what_is_missing(make_loop: Callable[..., Loop], tmp_path: Path) -> None:
    loop = running(make_loop, tmp_path, "extension_type=transformations")
    for method, problem in (
        ("copy_columns", "copies is missing. Choose them in its dialog."),
        ("lookup_subscription", "column is missing; output is missing. Choose them in its dialog."),
    ):
        given = {"transformation.method": method, "transformation.settings": {}}
        made = loop.trigger("billing_transformation_request", **given)
        assert "choose them in its dialog with 'ccli devops open page'" in made["notes"][-1]
        done = loop.until_status(made["tasks"][0]["id"], "succeeded", "failed")
        assert done["status"] == "failed"
        assert problem in done["output"]
        assert "Traceback" not in done["output"]
        assert loop.client.get(f"/billing/requests/{made['object']['id']}")["status"] == "failed"
