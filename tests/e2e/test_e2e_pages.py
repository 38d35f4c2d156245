"""Pages of extensions in a real browser: the frame, the page's calls of its own API, and who may not call it."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chromium import needs_chromium
from loop import PROJECTS, Loop, ccli
from playwright.sync_api import FrameLocator, Page, expect

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = [
    pytest.mark.e2e,
    # A browser, a platform and a runner start in each.
    pytest.mark.timeout(180),
    needs_chromium,
]


@pytest.fixture
def watch(make_loop: Callable[..., Loop]) -> Loop:
    """The multi-account example, running and installed."""
    loop = make_loop(EXAMPLES / "multi_account")
    loop.start_runner()
    loop.until(lambda: loop.client.get(loop.path)["status"] == "connected", "it is connected")
    return loop


def paged(make_loop: Callable[..., Loop]) -> Loop:
    """A project with a page of every kind, running."""
    loop = make_loop(PROJECTS / "paged")
    loop.start_runner()
    loop.until(lambda: loop.client.get("/devops/transformations"), "the transformation is known")
    loop.until(lambda: len(loop.client.get(loop.path)["instances"]) > 0, "it is connected")
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
    # The frame tells only whom the page is shown to; the page finds its own cookies.
    page.get_by_role("link", name="Large orders").click()
    expect(inside(page).locator("[role=status]")).to_have_text("There are no orders yet.")
    watch.trigger("asset_purchase_request_processing", **{"asset.items.0.quantity": "700"})
    page.reload()
    expect(inside(page).locator("tr.large")).to_have_count(1)
    page.screenshot(path=tmp_path / "orders.png")

    # Without an installation there is nothing to show; the frame says why.
    page.get_by_label("Seen as").select_option("owner")
    expect(page.locator("#notice")).to_contain_text("ccli devops install")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """Serves a page of another program on this machine; returns its port."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def serve(content: str) -> int:
            (folder / "index.html").write_text(content)
            return server.server_port

        yield serve
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def test_pages_of_other_origins_cannot_use_the_session(
    make_loop: Callable[..., Loop], page: Page, elsewhere: Callable[[str], int]
) -> None:
    loop = paged(make_loop)
    page.goto(link(loop, page="Mine"))
    expect(inside(page).locator("#who")).to_contain_text('"marks":0')
    origin = page.url.partition("/?")[0].replace("portal.", "")
    port = elsewhere(
        f"""<script>
        const mark = "{origin}/api/mark";
        const image = new Image();
        const shown = new Promise((settle) => image.onload = image.onerror = settle);
        image.src = mark;
        const calls = [
          fetch("{origin}/api/who", {{credentials: "include"}}).then((answer) => answer.text()),
          // Needs no permission: neither the method nor the content is unusual, and the answer is not asked for.
          fetch(mark, {{method: "POST", mode: "no-cors", credentials: "include", body: "x"}}).then(() => "sent"),
        ];
        Promise.allSettled([...calls, shown]).then(([read, sent]) => {{
          document.title = `${{read.status}} ${{sent.value}}`;
        }});
        </script><iframe src="{origin}/static/who.html"></iframe>"""
    )
    host = origin.removeprefix("http://").partition(":")[0]
    # Another site, and other servers of this very site: cookies know no ports.
    for name in ("127.0.0.1", "localhost", host, f"portal.{host}"):
        page.goto(f"http://{name}:{port}/")
        expect(page).to_have_title("rejected sent")
        assert page.frame_locator("iframe").locator("#who").count() == 0

    # The session was there all the time: the extension's own page may.
    page.goto(f"{origin}/static/who.html")
    expect(page.locator("#who")).to_contain_text('"marks":0')
    page.get_by_role("button").click()
    expect(page.locator("#mark")).to_have_text("200 1")


def test_a_dialog_of_a_transformation_gets_columns_and_saves(
    make_loop: Callable[..., Loop], page: Page, tmp_path: Path
) -> None:
    loop = paged(make_loop)
    install(loop)
    page.goto(link(loop, page="Convert"))

    shown = inside(page)
    expect(shown.locator("#account")).to_have_text("Local Vendor")
    expect(shown.locator("#columns")).to_contain_text("sku")
    assert (page.locator("iframe").bounding_box() or {})["height"] >= 700
    shown.locator("#rate").fill("much")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#problem")).to_have_text("The rate must be a number.")
    expect(page.locator("#saved")).to_be_hidden()

    shown.locator("#rate").fill("1.5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#saved pre")).to_contain_text('"overview": "Rate 1.5"')
    expect(page.locator("#problem")).to_be_empty()
    page.screenshot(path=tmp_path / "dialog.png", full_page=True)
    page.get_by_role("button", name="Cancel").click()
    expect(inside(page).locator("#rate")).to_have_value("1.5")


def test_every_kind_of_page_is_listed_and_told_who_looks(
    make_loop: Callable[..., Loop], page: Page, tmp_path: Path
) -> None:
    loop = paged(make_loop)
    opened = ccli("devops", "open", "page", "Module", "--print", "--project", str(loop.project), environ=loop.environ)
    assert opened.returncode == 0, opened.stderr
    page.goto(opened.stdout.strip())
    names = ["Mine", "Module", "Child", "Administration", "Operations", "Customers", "Convert"]
    labels = page.locator("nav a")
    expect(labels).to_have_count(len(names))
    assert [text.split("\n")[-1].strip() for text in labels.all_inner_texts()] == names
    page.wait_for_function("document.querySelector('nav img').naturalWidth > 0")

    told = inside(page).locator("#who")
    expect(told).to_contain_text('"call_source":"ui"')
    expect(told).to_contain_text('"call_type":"admin"')
    expect(told).to_contain_text('"cookies":[]')
    expect(inside(page).locator("#accounts")).to_contain_text("200")
    page.screenshot(path=tmp_path / "pages.png")

    installation = install(loop)
    page.reload()
    page.get_by_label("Seen as").select_option(installation)
    expect(inside(page).locator("#who")).to_contain_text(f'"installation_id":"{installation}"')
    unknown = ccli(
        "devops", "open", "page", "Nothing", "--print", "-e", loop.stage.environment_id, environ=loop.environ
    )
    assert (unknown.returncode, "it has Mine, Module" in unknown.stderr) == (1, True)
