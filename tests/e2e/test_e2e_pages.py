"""Pages of extensions in a real browser: the frame, the page's calls of its own API, and who may not call it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loop import Loop
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

EXAMPLES = Path(__file__).parents[2] / "examples"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a browser that knows nothing; errors of scripts fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = context.new_page()
    shown.set_default_timeout(15_000)
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    yield shown
    context.close()
    assert not problems


@pytest.fixture
def watch(make_loop: Callable[..., Loop]) -> Loop:
    """The multi-account example, running and installed."""
    loop = make_loop(EXAMPLES / "multi_account")
    loop.start_runner()
    loop.until(lambda: loop.client.get(loop.path)["status"] == "connected", "it is connected")
    return loop


def install(loop: Loop) -> str:
    made = loop.client.post("/devops/installations", {"environment": {"id": loop.stage.environment_id}})
    identifier: str = made["id"]
    return identifier


def link(loop: Loop, **body: str) -> str:
    address: str = loop.client.post("/devops/local/browser", {"environment": loop.stage.environment_id, **body})["url"]
    return address


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=page]")


def test_a_page_in_the_frame_calls_its_api_and_saves(watch: Loop, page: Page, tmp_path: Path) -> None:
    installation = install(watch)
    page.goto(link(watch, page="Order watch"))

    shown = inside(page)
    expect(shown.locator("[name=large_from]")).to_have_value("100")
    page.screenshot(path=tmp_path / "settings.png")
    shown.locator("[name=large_from]").fill("7")
    shown.locator("button").click()
    expect(shown.locator("[role=status]")).to_have_text("Saved.")
    assert watch.client.get(f"/devops/installations/{installation}")["settings"]["large_from"] == 7
