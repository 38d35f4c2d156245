"""The examples of docs/sdk.md run, as tests of an author's project."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """\
[project]
name = "page"
version = "1"

[project.entry-points."connect.eaas.ext"]
eventsapp = "test_page:MyApplication"

[tool.pytest.ini_options]
addopts = ["-p", "connect_eaas"]
asyncio_default_fixture_loop_scope = "function"
"""
DESCRIPTOR = (
    '{"name": "Page", "description": "d", "version": "1", "readme_url": "https://e/r", "changelog_url": "https://e/c"}'
)
PAGE = Path(__file__).parents[3] / "docs" / "sdk.md"


@pytest.mark.timeout(180)
def test_the_examples_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "test_page.py").write_text("\n".join(blocks), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "extension.json").write_text(DESCRIPTOR, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "8 passed" in done.stdout, done.stdout + done.stderr
