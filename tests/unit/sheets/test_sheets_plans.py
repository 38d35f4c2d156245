"""Rows of changing looks are read alike, whether or not the plan of the sheet recognizes them."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from connect_eaas.runner.sheets import SheetError, SheetReader

NAMES = [f"column {number}" for number in range(8)]
CELLS: list[Any] = [
    "text",
    "a < b & c",
    "_x000D_",
    " kept ",
    "",
    7,
    -3,
    1.5,
    1e-9,
    True,
    datetime(2025, 3, 1, 12),
    None,
]


def write(path: Path, rows: list[list[Any]], *, inline: bool) -> None:
    options = {"constant_memory": inline, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet("Data")
        grey = workbook.add_format({"bg_color": "#EEEEEE"})
        sheet.write_row(0, 0, NAMES)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value == "":
                    sheet.write_blank(number, column, None, grey)
                elif value == 7:
                    sheet.write_formula(number, column, "=3+4", None, 7)
                elif value is not None:
                    sheet.write(number, column, value)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("kinds", [1, 2, len(CELLS)])
def test_all_rows_are_read_whatever_the_plan_knows(tmp_path: Path, inline: bool, kinds: int) -> None:
    chance = random.Random(kinds)  # a reproducible table
    rows = []
    for _ in range(600):
        row = [CELLS[(column + chance.randrange(kinds)) % len(CELLS)] for column in range(len(NAMES))]
        rows.append([*row[:-1], "end"])
    path = tmp_path / "sheet.xlsx"
    write(path, rows, inline=inline)
    with SheetReader(path, "Data") as reader:
        got = [list(row.values.values()) for block in reader.blocks(100) for row in block]
    assert got == [[None if value == "" else value for value in row] for row in rows]


def test_a_damaged_cell_is_named_also_where_the_plan_meets_it(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    write(path, [["x", 2, *[None] * 6] for _ in range(50)], inline=True)
    damaged = tmp_path / "damaged.xlsx"
    _replace(path, damaged, '<c r="B40"><v>2</v></c>', '<c r="B40"><v>two</v></c>')
    with SheetReader(damaged, "Data") as reader, pytest.raises(SheetError, match="cell B40"):
        list(reader.blocks(10))


def _replace(source: Path, target: Path, old: str, new: str) -> None:
    import zipfile

    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as result:
        for name in given.namelist():
            content = given.read(name).decode()
            result.writestr(name, content.replace(old, new))
