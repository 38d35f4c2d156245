"""`make bench` ends with one table; what does not hold is shown, what breaks off is an error."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.__main__ import main
from benchmarks.rows import Row, table

HELD = Row("web task", "948 µs", "≤ 1.3 ×", True, "721 µs, uvicorn", "1.20 ×")
MISSED = Row("intake", "7 ms", "≤ 5 ms", False)


def benchmark(monkeypatch: pytest.MonkeyPatch, name: str, *rows: Row, error: Exception | None = None) -> None:
    """Put a benchmark that takes no time in the place of one that exists."""
    module = ModuleType(f"benchmarks.{name}")

    def run() -> list[Row]:
        sys.stdout.write(f"measuring {name}\n")
        if error is not None:
            raise error
        return list(rows)

    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


def test_all_lines_of_the_table_have_the_same_width() -> None:
    lines = table([HELD, MISSED]).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["what", "measured", "reference", "ratio", "promise", "holds"]
    assert cells[2:] == [
        ["web task", "948 µs", "721 µs, uvicorn", "1.20 ×", "≤ 1.3 ×", "yes"],
        ["intake", "7 ms", "–", "–", "≤ 5 ms", "NO"],
    ]


def test_a_promise_that_does_not_hold_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    benchmark(monkeypatch, "web", HELD)
    benchmark(monkeypatch, "intake", MISSED)
    assert main(["web", "intake", "--json", str(tmp_path / "rows.json")]) == 0
    shown = capsys.readouterr().out
    assert "measuring web" in shown
    assert "1 of 2 promises hold" in shown
    assert table([HELD, MISSED]) in shown
    [held, missed] = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert (held["what"], held["holds"], missed["holds"]) == ("web task", True, False)


def test_a_benchmark_that_breaks_off_is_named_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark(monkeypatch, "web", error=RuntimeError("no runner"))
    benchmark(monkeypatch, "intake", MISSED)
    assert main(["web", "intake"]) == 1
    captured = capsys.readouterr()
    assert "broke off: web" in captured.err
    assert "no runner" in captured.err
    assert table([MISSED]) in captured.out


def test_an_unknown_benchmark_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["wbe"])
    assert ended.value.code == 2
    assert "there is no benchmark 'wbe'" in capsys.readouterr().err


def test_every_promise_of_the_table_has_its_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out.split()
    names = ["interactive", "intake", "background", "web", "transformation", "start", "memory", "startup", "reconnect"]
    assert [word.strip(",") for word in shown if word.strip(",") in names] == names
