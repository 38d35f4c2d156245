"""The dialogs of the transformations example, in a real browser: what is saved there is what the next request does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import needs_chromium
from loop import Loop, ccli
from playwright.sync_api import Browser, Page, expect

EXAMPLE = Path(__file__).parents[2] / "examples" / "transformations"

pytestmark = [pytest.mark.e2e, needs_chromium]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new window; errors of scripts fail the test."""
    context = browser.new_context()
    shown = context.new_page()
    shown.set_default_timeout(15_000)
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    yield shown
    context.close()
    assert problems == []


def test_a_saved_rate_is_the_rate_of_the_next_request(make_loop: Callable[..., Loop], page: Page) -> None:
    loop = make_loop(EXAMPLE)
    loop.start_runner()
    loop.until(lambda: len(loop.client.get("/devops/transformations")) == 2, "both transformations are known")
    command = ("devops", "open", "page", "Convert prices", "--print", "--project", str(loop.project))
    opened = ccli(*command, environ=loop.environ)
    assert opened.returncode == 0, opened.stderr
    page.goto(opened.stdout.strip())
    shown = page.frame_locator("iframe[name=page]")
    save, problem = page.get_by_role("button", name="Save"), page.locator("#problem")

    shown.get_by_label("Rate of exchange").fill("0")
    save.click()
    expect(problem).to_contain_text("rate: Input should be greater than 0")
    expect(page.locator("#saved")).to_be_hidden()

    shown.get_by_label("Rate of exchange").fill("2.5")
    save.click()
    expect(page.locator("#saved pre")).to_contain_text('"overview": "Prices times 2.5, with 2 digits."')
    expect(problem).to_be_empty()
    page.reload()
    expect(shown.get_by_label("Rate of exchange")).to_have_value("2.5")

    command = ("devops", "trigger", "billing_transformation_request", "-o", "json")
    made = ccli(*command, "--set", "transformation.method=convert_prices", environ=loop.environ)
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert answer["object"]["transformation"]["settings"] == {"rate": "2.5", "digits": "2"}
    assert "settings that its dialog saved last" in answer["notes"][-1]
    done = loop.until_status(answer["tasks"][0]["id"], "succeeded", "failed")
    assert done["status"] == "succeeded", done["output"]

    # What a request is given goes before what was saved, and what is wrong with it is said without a traceback.
    wrong = loop.trigger(
        "billing_transformation_request",
        **{"transformation.method": "convert_prices", "transformation.settings": {"rate": "much"}},
    )
    done = loop.until_status(wrong["tasks"][0]["id"], "succeeded", "failed")
    assert done["status"] == "failed"
    assert "The settings will not do: rate: Input should be a valid decimal" in done["output"]
    assert "Traceback" not in done["output"]


def test_dialogs_keep_nothing_for_strangers(make_loop: Callable[..., Loop], page: Page) -> None:
    loop = make_loop(EXAMPLE)
    loop.start_runner()
    loop.until(lambda: len(loop.client.get("/devops/transformations")) == 2, "both transformations are known")
    body = {"environment": loop.stage.environment_id, "page": "Convert prices"}
    page.goto(loop.client.post("/devops/local/browser", body)["url"])
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
    keep = """([method, body]) => fetch(`/-/choices/${method}`, {method: "PUT", body}).then(
        async (answer) => [answer.status, answer.ok ? "" : (await answer.json()).errors.join()])"""
    for method, sent, status, problem in (
        ("mark_large", json.dumps({"settings": {"large_from": "9"}}), 204, ""),
        ("mark_large", "{", 400, "no JSON"),
        ("mark_large", "[]", 400, "settings is missing"),
        ("mark_large", json.dumps({"settings": {}, "columns": {"output": ["price"]}}), 400, "columns.output"),
        ("mark_large", json.dumps({"settings": "x" * 1_100_000}), 413, "at most"),
        ("other", json.dumps({"settings": {}}), 404, "no transformation 'other'"),
    ):
        answered = page.evaluate(keep, [method, sent])
        assert answered[0] == status, answered
        assert problem in answered[1]
    page.context.clear_cookies()
    assert page.evaluate(keep, ["mark_large", "{}"])[0] == 401
    assert page.frames[1].evaluate("window.origin") != page.evaluate("window.origin")
