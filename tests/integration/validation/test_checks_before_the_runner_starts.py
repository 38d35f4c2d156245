"""What `cextrun` does with the findings: it goes on with warnings, and ends with what cannot run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sample_projects import CLEAN

from connect_eaas.runner.errors import ExtensionError
from connect_eaas.runner.project_check import check_project

Write = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("validate")


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Lines that the runner logs."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.getMessage()}")

    keeper, logger = Keeper(), logging.getLogger("connect.eaas.runner")
    logger.addHandler(keeper)
    yield lines
    logger.removeHandler(keeper)


def test_what_a_runner_does_not_use_is_checked_on_demand_only(write: Write, logged: list[str]) -> None:
    root = write({**CLEAN, "docker-compose.yml": "services: ["})
    check_project(root, everything=False)
    assert logged == []
    check_project(root, everything=True)
    (line,) = logged
    assert line.startswith("WARNING DOC002 docker-compose.yml:1: not YAML")


def test_what_cannot_run_is_listed_with_its_fix(write: Write) -> None:
    files = {path: text.replace('"pending"', '"pnding"') for path, text in CLEAN.items()}
    with pytest.raises(
        ExtensionError, match=r"(?s)EVT007 sample_pkg/events.py:\d+: .*'pnding'.*Fix: Choose from: draft"
    ):
        check_project(write(files), everything=False)


def test_what_the_runner_can_live_with_does_not_keep_it_from_starting(write: Write, logged: list[str]) -> None:
    files = {path: text.replace('"product_action_execution"', '"only_here"') for path, text in CLEAN.items()}
    check_project(write(files), everything=False)
    (line,) = logged
    assert line.startswith("WARNING EVT005 sample_pkg/events.py:")


def test_an_installed_extension_has_no_project_to_check(tmp_path: Path, logged: list[str]) -> None:
    check_project(tmp_path, everything=True)
    assert logged == []
