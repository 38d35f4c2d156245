"""What `cextrun` does with the findings: it goes on with warnings, and ends with what cannot run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sample_projects import CLEAN

from connect_eaas.runner.errors import ExtensionError
from connect_eaas.runner.project_check import check_project, show_findings
from connect_eaas.validation import as_text, validate_project

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


def test_what_a_runner_does_not_use_is_checked_on_demand_only(
    write: Write, logged: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    root = write({**CLEAN, "docker-compose.yml": "services: ["})
    check_project(root)
    assert logged == []
    with pytest.raises(ExtensionError, match=r"breaks 1 rule\(s\)"):
        show_findings(root, colours=False)
    assert "error DOC002  docker-compose.yml:1" in capsys.readouterr().out


def test_errors_that_a_runner_can_live_with_make_the_check_fail(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write({**CLEAN, "pyproject.toml": CLEAN["pyproject.toml"].replace("MIT", "Proprietary")})
    check_project(root)
    with pytest.raises(ExtensionError, match=r"breaks 1 rule\(s\)"):
        show_findings(root, colours=False)
    shown = capsys.readouterr().out
    assert "error LIC001" in shown
    assert shown == as_text(validate_project(root)) + "\n", "the report of ccli project extension validate"


def test_what_cannot_run_is_listed_with_its_fix(write: Write) -> None:
    files = {path: text.replace('"pending"', '"pnding"') for path, text in CLEAN.items()}
    with pytest.raises(
        ExtensionError, match=r"(?s)EVT007 sample_pkg/events.py:\d+: .*'pnding'.*Fix: Choose from: draft"
    ):
        check_project(write(files))


def test_what_the_runner_can_live_with_does_not_keep_it_from_starting(write: Write, logged: list[str]) -> None:
    files = {path: text.replace('"product_action_execution"', '"only_here"') for path, text in CLEAN.items()}
    (line,) = check_project(write(files))
    assert line.startswith("EVT005 sample_pkg/events.py:")
    assert " Fix: " in line
    assert "\n" not in line
    # Whoever starts the runner says it last.
    assert logged == []


def test_an_installed_extension_has_no_project_to_check(tmp_path: Path, logged: list[str]) -> None:
    check_project(tmp_path)
    assert logged == []
