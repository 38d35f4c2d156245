from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# The scripted platform of the runner's other tests.
sys.path.append(str(Path(__file__).parents[1] / "runner"))

from scripted_platform import ScriptedPlatform, serving
from watched_process import write_project


@pytest.fixture
async def platform() -> AsyncIterator[ScriptedPlatform]:
    scripted = ScriptedPlatform()
    async with serving(scripted):
        yield scripted


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An extension whose hooks and handlers leave traces in `traces` beside it."""
    return write_project(tmp_path / "my-extension")
