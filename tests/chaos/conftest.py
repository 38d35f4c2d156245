from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# The scripted platform is shared with the runner's integration tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "runner"))

from chaos_runner import Stage, stage_in
from scripted_platform import ScriptedPlatform, serving


@pytest.fixture
async def platform() -> AsyncIterator[ScriptedPlatform]:
    scripted = ScriptedPlatform()
    async with serving(scripted):
        yield scripted


@pytest.fixture
async def stage(platform: ScriptedPlatform, tmp_path: Path) -> AsyncIterator[Stage]:
    """A project whose handlers do what an object's ``plan`` says, and a platform for it."""
    async with stage_in(tmp_path, platform) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which histories were played."""
    for report in terminalreporter.getreports("passed"):
        for name, lines in report.user_properties:
            if name == "histories":
                terminalreporter.section("random histories")
                for line in lines:
                    terminalreporter.line(line)
