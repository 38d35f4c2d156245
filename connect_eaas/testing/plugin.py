"""pytest plugin with fixtures for tests of handlers; found by its entry point.

It works beside the API client's own plugin: mock calls of the clients made here with that one's
``client_mocker_factory()`` and ``async_client_mocker_factory()``; a call that is not mocked fails and never reaches a
network. pytest loads this module in every project of the environment, so until a fixture is used it imports nothing
that is not imported anyway.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import logging

    from connect_devops.clock import ManualClock
    from connect_eaas.applications import WebApplicationBase
    from connect_eaas.testing.devops import DevOps
    from connect_eaas.testing.tasks import TaskOutcome
    from connect_eaas.testing.transformations import TransformedRow
    from connect_eaas.testing.web import WebAppTestClient

__all__ = [
    "application_factory",
    "async_connect_client",
    "connect_client",
    "devops",
    "devops_clock",
    "devops_project",
    "extension_factory",
    "logger",
    "task_runner",
    "test_client_factory",
    "transformation_runner",
]


@pytest.fixture
def connect_client() -> Any:
    """A plain API client of a made-up API; mock its calls with ``client_mocker_factory``."""
    from connect_eaas.testing.clients import make_client

    return make_client()


@pytest.fixture
def async_connect_client() -> Any:
    """An asynchronous API client of a made-up API; mock its calls with ``async_client_mocker_factory``."""
    from connect_eaas.testing.clients import make_async_client

    return make_async_client()


@pytest.fixture
def logger() -> logging.Logger:
    """The logger that handlers get; its records reach ``caplog``."""
    from connect_eaas.testing.tasks import LOGGER

    return LOGGER


@pytest.fixture
def application_factory() -> Callable[..., Any]:
    """``application_factory(cls, config=None, *, client=None, …)`` makes an application as the runner does.

    Arguments: ``connect_eaas.testing.tasks.make_test_application``.
    """
    from connect_eaas.testing.tasks import make_test_application

    return make_test_application


@pytest.fixture
def extension_factory(application_factory: Callable[..., Any]) -> Callable[..., Any]:
    """``application_factory`` by the name that old-style extensions know."""
    return application_factory


@pytest.fixture
def task_runner() -> Callable[..., TaskOutcome]:
    """``connect_eaas.testing.run_task``: runs the handler of an event, returns what the platform would be told."""
    from connect_eaas.testing.tasks import run_task

    return run_task


@pytest.fixture
def transformation_runner() -> Callable[..., list[TransformedRow]]:
    """``connect_eaas.testing.transform_rows``: hands rows to a transformation, returns what became of each."""
    from connect_eaas.testing.transformations import transform_rows

    return transform_rows


@pytest.fixture
def test_client_factory() -> Callable[..., Any]:
    """``test_client_factory(webapp, base_url=…)`` makes a client that calls a web application in process.

    Arguments of its calls: ``connect_eaas.testing.WebAppTestClient``.
    """
    from connect_eaas.testing.web import BASE_URL, WebAppTestClient

    def make(webapp: type[WebApplicationBase], base_url: str = BASE_URL) -> WebAppTestClient:
        return WebAppTestClient(webapp, base_url)

    return make


@pytest.fixture
def devops_clock() -> ManualClock:
    """The time of the platform of ``devops``: it stands still until ``advance(timedelta(…))`` moves it."""
    from connect_eaas.testing.devops import START, manual_clock

    return manual_clock(START)


@pytest.fixture
def devops_project(pytestconfig: pytest.Config) -> Path:
    """The project whose extension ``devops`` runs: that of the tests. Override it for another one."""
    return pytestconfig.rootpath


@pytest.fixture
def devops(devops_project: Path, devops_clock: ManualClock, tmp_path: Path) -> Iterator[DevOps]:
    """The real platform, in process, with the project's extension registered; ``devops.running()`` runs it.

    Nothing is mocked. See ``connect_eaas.testing.devops.DevOps``.
    """
    from connect_eaas.testing.devops import DevOps

    with DevOps(devops_project, tmp_path / "devops", devops_clock) as platform:
        yield platform


def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
    """Import the API client, which its own plugin is about to do, without what makes that take long.

    It helps where this plugin is the first of the two: ``-p connect_eaas`` among pytest's options sees to that.
    """
    if plugin is sys.modules[__name__] and not manager.is_blocked("pytest_connect_client"):
        from connect_eaas.inflection import import_client

        import_client()


def pytest_fixture_post_finalizer(fixturedef: pytest.FixtureDef[Any]) -> None:
    """End the mocking of asynchronous calls with the test that began it.

    The client's own fixture forgets to, so that its mocks would answer the calls of later tests too.
    """
    if fixturedef.argname == "async_client_mocker_factory" and "connect.client.testing" in sys.modules:
        from connect.client.testing import AsyncConnectClientMocker

        AsyncConnectClientMocker("").reset(success=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Let the project's models work as under pydantic 1, if it asks for that.

    The first ``conftest.py`` may import them already, and pytest's filters of warnings apply to it.
    """
    from connect_eaas import pydantic1

    try:
        if pydantic1.activate_if_wanted(early_config.rootpath, os.environ):
            # pytest has filters of its own, and a project may make errors of warnings.
            early_config.addinivalue_line("filterwarnings", "ignore::pydantic.warnings.PydanticDeprecatedSince20")
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
    return (yield)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say aloud that the models are those of pydantic 1."""
    from connect_eaas import pydantic1

    wanted = pydantic1.is_wanted(config.rootpath, os.environ)
    return "connect-extension-sdk: models work as under pydantic 1" if wanted else None
