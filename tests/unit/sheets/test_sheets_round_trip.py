"""What is written can be read, by ourselves and by openpyxl; what openpyxl writes is read as it reads it."""

from __future__ import annotations

import string
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_eaas.runner.sheets import CellValueError, SheetError, SheetReader, WorkbookWriter

NAMES = ["a", "b", "c"]
texts = st.text(string.ascii_letters + string.digits + " &<>'\"é漢|;\n\t", min_size=1, max_size=40).filter(
    lambda text: not text.startswith("=") and not text.isspace()
)
moments = st.datetimes(datetime(1901, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
values = st.one_of(st.none(), texts, st.integers(-(10**14), 10**14), st.booleans(), moments, st.floats(-1e12, 1e12))
tables = st.lists(st.tuples(values, values, values), max_size=12)


def read(path: Path) -> list[tuple[Any, ...]]:
    with SheetReader(path, "Data") as reader:
        return [tuple(row.values[name] for name in NAMES) for block in reader.blocks(5) for row in block]


def without_blank_end(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    while rows and all(value is None for value in rows[-1]):
        rows = rows[:-1]
    return rows


@settings(deadline=None, max_examples=60)
@given(tables)
def test_openpyxl_reads_what_is_written(table: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sheet.xlsx")
        with WorkbookWriter(path) as workbook:
            sheet = workbook.sheet("Data", NAMES)
            sheet.write((row, None) for row in table)
            sheet.close()
        oracle = openpyxl.load_workbook(path)["Data"]
        assert [tuple(cell.value for cell in row) for row in oracle.iter_rows(min_row=2, max_col=3)][
            : len(table)
        ] == table[: max(oracle.max_row - 1, 0)]
        assert read(path) == without_blank_end(table)


@settings(deadline=None, max_examples=40)
@given(tables)
def test_what_openpyxl_writes_is_read_as_it_reads_it(table: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sheet.xlsx")
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        assert sheet is not None
        sheet.title = "Data"
        for row in [tuple(NAMES), *table]:
            sheet.append(row)
        workbook.save(path)
        oracle = openpyxl.load_workbook(path)["Data"]
        expected = [tuple(cell.value for cell in row) for row in oracle.iter_rows(min_row=2, max_col=3)]
        assert read(path) == without_blank_end(expected)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_garbage_is_refused_with_a_sheet_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sheet.xlsx")
        path.write_bytes(content)
        with pytest.raises(SheetError):
            SheetReader(path, "Data")


def test_a_value_that_no_cell_holds_names_its_column(tmp_path: Path) -> None:
    with (
        pytest.raises(CellValueError, match="column 'b': a cell cannot hold a list"),
        WorkbookWriter(tmp_path / "sheet.xlsx") as workbook,
    ):
        workbook.sheet("Data", NAMES).write([(["x", [], None], None)])
