"""Filters and pages over a real Django model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("dj_rql")

EXPECTED = {
    "/orders": [200, "items 0-2/11", [1, 2, 3]],
    "/orders?limit=2&offset=9": [200, "items 9-10/11", [10, 11]],
    "/orders?offset=10": [200, "items 10-10/11", [11]],
    "/orders?offset=11": [200, "items 0-0/11", []],
    "/orders?limit=x": [200, "items 0-2/11", [1, 2, 3]],
    "/orders?limit=0": [200, "items 0-0/11", []],
    "/orders?limit=5000": [200, "items 0-10/11", list(range(1, 12))],
    "/orders?in(id,(2,4))&limit=1": [200, "items 0-0/2", [2]],
    "/orders?ilike(name,*1%2A)&ordering(-id)": [200, "items 0-2/3", [11, 10, 1]],
    "/odd": [200, "items 0-1/2", [1, 11]],
    "/orders?and(": [400, None, {"error": True}],
}


def test_queries_filter_and_page(tmp_path: Path) -> None:
    script = Path(__file__).with_name("django_app.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path / "db.sqlite3"), *EXPECTED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert dict(zip(EXPECTED, answers, strict=True)) == EXPECTED
