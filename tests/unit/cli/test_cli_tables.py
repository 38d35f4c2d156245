from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.output import print_rows

COLUMNS = {"id": "ID", "where": "WHERE", "status": "STATUS", "output": "OUTPUT"}
ROWS = [
    {"id": "TQ-1", "where": "ENV-1-01", "status": "failed", "output": "ValueError: " + "x" * 200},
    {"id": "TQ-2", "where": "ENV-1-01", "status": "succeeded", "output": ""},
]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _printed(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, width: int, *spare: str) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", stream)
    print_rows(ROWS, COLUMNS, "table", spare)
    return stream.getvalue().splitlines()


@given(width=st.integers(20, 300))
def test_a_table_never_wraps_on_a_terminal_and_keeps_what_matters(width: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        lines = _printed(monkeypatch, _Terminal(), width, "where", "output")
    assert len(lines) == 3
    assert max(len(line) for line in lines) <= width
    assert "failed" in lines[1]
    assert ("WHERE" in lines[0]) == (width >= 47)


def test_nothing_is_left_out_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _printed(monkeypatch, io.StringIO(), 20, "where", "output")
    assert "ENV-1-01" in lines[1]
    assert "x" * 200 in lines[1]


def test_a_table_without_spare_columns_is_whole_also_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "x" * 200 in _printed(monkeypatch, _Terminal(), 20)[1]
