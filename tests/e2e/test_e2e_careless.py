"""Careless and hostile use of the commands and of the API."""

from __future__ import annotations

import pytest
from loop import Loop, ccli

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
