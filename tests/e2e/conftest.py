"""Fixtures of the end-to-end tests, and the processes' logs in the report of a test that failed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from loop import PROJECTS, Loop, rendered_demo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_SHOWN = 12_000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the ends of the logs."""
    report = yield
    if report.failed:
        for loop in {**item.session.stash.get(_SHARED, {}), **item.stash.get(_OWN, {})}.values():
            for log in (loop.platform_log, loop.runner_log):
                if log.exists():
                    report.sections.append((str(log), log.read_text(errors="replace")[-_SHOWN:]))
    return report


_OWN = pytest.StashKey[dict[str, Loop]]()
_SHARED = pytest.StashKey[dict[str, Loop]]()


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project from the template."""
    return rendered_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def async_demo_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project from the template, with coroutines."""
    return rendered_demo(tmp_path_factory.mktemp("async"), "use_asyncio=y")


@pytest.fixture
def make_loop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    """Start a platform for a project (default: the probe), with environment variables for its runner."""
    with ExitStack() as stack:

        def make(project: Path = PROJECTS / "probe", **variables: str) -> Loop:
            loop = Loop(tmp_path, project, **variables)
            request.node.stash.setdefault(_OWN, {})[str(tmp_path)] = loop
            return stack.enter_context(loop)

        yield make


@pytest.fixture(scope="module")
def shared_loop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """The probe on a platform of its own, for all tests of a module; its runner gets the module's
    ``VARIABLES`` and ``ARGUMENTS``."""
    variables = getattr(request.module, "VARIABLES", {})
    with Loop(tmp_path_factory.mktemp("shared"), PROJECTS / "probe", **variables) as loop:
        shared = request.session.stash.setdefault(_SHARED, {})
        shared[request.module.__name__] = loop
        loop.start_runner(*getattr(request.module, "ARGUMENTS", ()))
        yield loop
        del shared[request.module.__name__]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module."""
    # Only tests of pages need its driver.
    from chromium import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a browser that knows nothing; errors of scripts fail the test."""
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    shown = context.new_page()
    shown.set_default_timeout(20_000)
    problems: list[str] = []
    shown.on("pageerror", lambda error: problems.append(str(error)))
    yield shown
    context.close()
    assert problems == []
