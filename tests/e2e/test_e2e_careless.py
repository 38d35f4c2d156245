"""Careless and hostile use of the commands and of the API."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from loop import PROJECTS, Loop, bare_environment, ccli

pytestmark = pytest.mark.e2e

PURCHASE = "asset_purchase_request_processing"


@pytest.mark.parametrize("name", ["a)b,|(", "x&y", "50% #1?", "Größe 日本", 'say "so"', "it's"])
def test_filters_take_any_characters(shared_loop: Loop, name: str) -> None:
    done = ccli("devops", "tasks", "--object", name, environ=shared_loop.environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("No tasks")
    done = ccli("devops", "task", name, environ=shared_loop.environ)
    assert done.returncode == 1
    assert f"No task {name} on this platform" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_a_killed_dev_leaves_no_process_behind(tmp_path: Path) -> None:
    project = tmp_path / "probe"
    shutil.copytree(PROJECTS / "probe", project, ignore=shutil.ignore_patterns("__pycache__"))
    environ = {**bare_environment(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "connect_cli_ext", "devops", "dev", str(project), "--port", "0"]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as dev:
        assert dev.stdout is not None
        assert any(b"connected to" in line for line in iter(dev.stdout.readline, b""))
        dev.kill()
        # The whole tree inherited this pipe: it ends when the last process did; the test's time limit is the judge.
        assert b"stopped" in dev.stdout.read()
