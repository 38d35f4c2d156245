"""An author mends a handler whose task waits for its next try, and plans a nightly job: all from the shell."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dev_process import Dev
from loop import bare_environment, ccli

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

PURCHASE = "asset_purchase_request_processing"
RAISES = 'raise RuntimeError("not mended")'
EVENTS = f"""
from connect_eaas import BackgroundResponse, EventsApplicationBase, ScheduledExecutionResponse, event, schedulable


class Jobs(EventsApplicationBase):
    @event("{PURCHASE}", statuses=["pending"])
    def purchase(self, request):
        {RAISES}

    @schedulable("Refresh prices", "Reads them anew.")
    def refresh_prices(self, schedule):
        assert schedule["parameter"] == {{"days": 30}}
        return ScheduledExecutionResponse.done()
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**bare_environment(tmp_path), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    package = tmp_path / "jobs" / "jobs_ext"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(
        '[project]\nname = "jobs"\nversion = "1.0.0"\n'
        '[project.entry-points."connect.eaas.ext"]\neventsapp = "jobs_ext.events:Jobs"\n'
    )
    (package / "__init__.py").touch()
    (package / "events.py").write_text(EVENTS)
    descriptor = {"name": "Jobs", "description": "Jobs.", "version": "1.0.0"}
    links = dict.fromkeys(("readme_url", "changelog_url"), "https://example.org/")
    (package / "extension.json").write_text(json.dumps({**descriptor, **links}))
    return package.parent


@pytest.fixture
def dev(project: Path, environ: dict[str, str]) -> Iterator[Dev]:
    with closing(Dev(project, environ, "--port", "0")) as dev:
        dev.until("connected to")
        yield dev


def test_a_mended_handler_gets_its_task_at_once_and_a_night_passes_in_no_time(
    dev: Dev, project: Path, environ: dict[str, str]
) -> None:
    def done(*arguments: str) -> str:
        run: subprocess.CompletedProcess[str] = ccli("devops", *arguments, environ=environ, cwd=project)
        assert run.returncode == 0, run.stderr
        return run.stdout

    done("trigger", PURCHASE)
    dev.until(f"retrying     {PURCHASE}")
    assert "another try" not in dev.said
    file = project / "jobs_ext" / "events.py"
    file.write_text(EVENTS.replace(RAISES, "return BackgroundResponse.done()"))
    assert "1 task waits for another try" in dev.until("ccli devops retry --all-waiting")
    assert PURCHASE in done("retry", "--all-waiting")
    dev.until(f"succeeded    {PURCHASE}")

    made = done("schedule", "add", "refresh_prices", "--every", "daily", "--at", "02:00", "--parameter", "days=30")
    assert "every day at 02:00" in made
    assert "T02:00:00" in done("clock", "next")
    dev.until("succeeded    scheduled_execution")
    assert dev.said.count("another try") == 1
    assert dev.interrupt()
    assert dev.process.returncode == 0
