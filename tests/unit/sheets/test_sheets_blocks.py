"""Many rows at once are read and written as each of them alone would be."""

from __future__ import annotations

import re
import tempfile
import threading
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_eaas.runner.sheets import CellValueError, SheetError, SheetReader, WorkbookWriter
from connect_eaas.runner.sheets.part_stream import PartStream

NAMES = ["a", "b", "c", "d"]
FAR = timezone(timedelta(hours=14))
KINDS: list[st.SearchStrategy[Any]] = [
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.sampled_from(["#N/A", "#INSTRUCTION/DELETE_ROW", " x", "x ", "a|b", "_x0041_", "<&>", "x" * 32_767]),
    st.integers(),
    st.floats(),
    st.just(10**400),
    st.booleans(),
    st.datetimes(datetime(1900, 3, 1), datetime(2200, 1, 1), timezones=st.sampled_from([None, timezone.utc, FAR])),
    st.dates(date(1900, 3, 1)),
    st.times(timezones=st.sampled_from([None, timezone.utc, timezone(timedelta(hours=2))])),
    st.timedeltas(timedelta(0), timedelta(days=900)),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
]


@st.composite
def tables(draw: st.DrawFn) -> list[list[Any]]:
    """Columns of one kind, or of a few, as columns are."""
    size = draw(st.integers(1, 12))
    columns = []
    for _ in NAMES:
        kinds = st.one_of(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)))
        columns.append(draw(st.lists(kinds, min_size=size, max_size=size)))
    return [list(row) for row in zip(*columns, strict=True)]


def written(path: Path, blocks: Sequence[Sequence[Sequence[Any]]], null: str | None) -> bytes:
    with WorkbookWriter(path) as workbook:
        sheet = workbook.sheet("Data", NAMES, null=null)
        for block in blocks:
            sheet.write((row, None) for row in block)
        sheet.close()
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


@settings(deadline=None, max_examples=150)
@given(tables(), st.sampled_from([None, "#N/A"]))
def test_rows_are_written_together_as_each_alone(table: list[list[Any]], null: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        together = written(Path(folder, "together.xlsx"), [table], null)
        alone = written(Path(folder, "alone.xlsx"), [[row] for row in table], null)
    assert together == alone


def test_equal_times_of_different_offsets_stay_apart(tmp_path: Path) -> None:
    noon = time(12, tzinfo=timezone.utc)
    far = time(14, tzinfo=timezone(timedelta(hours=2)))
    assert noon == far
    written(tmp_path / "sheet.xlsx", [[[noon, None, None, None], [far, None, None, None]]], None)
    sheet = openpyxl.load_workbook(tmp_path / "sheet.xlsx")["Data"]
    assert [sheet["A2"].value, sheet["A3"].value] == [time(12), time(14)]


def test_the_first_row_with_a_wrong_cell_is_told(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[number, "x", Decimal(1), None] for number in range(20)]
    # The column that is looked at first is wrong later.
    rows[15][0] = object()
    rows[7][3] = b"raw"
    with WorkbookWriter(tmp_path / "sheet.xlsx") as workbook:
        sheet = workbook.sheet("Data", NAMES)
        with pytest.raises(CellValueError, match="column 'd': a cell cannot hold a bytes"):
            sheet.write((row, None) for row in rows)
        # Header and seven right rows before it.
        assert sheet.rows == 9
        sheet.close()


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    with WorkbookWriter(tmp_path / "sheet.xlsx") as workbook:
        sheet = workbook.sheet("Data", NAMES)
        with pytest.raises(ValueError, match="has 4 values, not 3"):
            sheet.write([([1, 2, 3], None)])
        sheet.close()


def test_a_full_disk_is_told_and_blocks_nobody() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with full.open("wb", buffering=0) as device:
        stream = PartStream(device)
        # Far more pieces than can wait.
        with pytest.raises(OSError, match="No space left"):
            write_pieces(stream, 100)
        with pytest.raises(OSError, match="No space left"):
            stream.close()
        stream.abandon()


def write_pieces(stream: PartStream, count: int) -> None:
    for _ in range(count):
        stream.write(b"x" * 100_000)


def changed(source: Path, target: Path, pattern: str, replacement: str) -> None:
    """Copy a workbook, its sheet's XML edited."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as result:
        for name in given.namelist():
            content = given.read(name)
            if name.endswith("sheet1.xml"):
                edited, count = re.subn(pattern, replacement, content.decode())
                assert count
                content = edited.encode()
            result.writestr(name, content)


def rows_of(path: Path) -> list[list[Any]]:
    with SheetReader(path, "Data") as reader:
        return [list(row.values.values()) for block in reader.blocks(10) for row in block]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.xlsx"
    written(path, [[[number, number / 4, f"text {number}", number % 2 == 0] for number in range(400)]], None)
    return path


def test_rows_that_the_file_leaves_out_are_blank(plain: Path, tmp_path: Path) -> None:
    changed(plain, tmp_path / "gaps.xlsx", r'<row r="(?:100|101|250|401)">.*?</row>', "")
    expected = rows_of(plain)
    for number in (100, 101, 250):
        expected[number - 2] = [None] * 4
    assert rows_of(tmp_path / "gaps.xlsx") == expected[:-1]


def test_rows_without_values_are_blank(plain: Path, tmp_path: Path) -> None:
    changed(plain, tmp_path / "empty.xlsx", r'<row r="(300|400|401)">.*?</row>', r'<row r="\1"></row>')
    expected = rows_of(plain)
    expected[298] = [None] * 4
    assert rows_of(tmp_path / "empty.xlsx") == expected[:-2]
    with SheetReader(tmp_path / "empty.xlsx", "Data") as reader:
        list(reader.blocks(100))
        assert reader.trailing_blank == 2


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r'<row r="(2..)">', r'<row spans="1:4" r="\1">'),
        (r'<row r="(2..)">', '\n  <row r="\\1" ht="12.8" customFormat="1">'),
        (r'<row r="(300)">', r'<row r="299"/><row r="300">'),
        (r'<c r="(B3..)"><v>([^<]*)</v>', r'<c r="\1" t="str"><v>\2</v>'),
        (r"(</row>)(<row r=\"200\">)", r"\1<x:note xmlns:x='urn:x'>between rows</x:note>\2"),
    ],
    ids=["other-order", "attributes", "self-closed", "other-type", "between-rows"],
)
def test_rows_that_look_otherwise_are_read_too(plain: Path, tmp_path: Path, pattern: str, replacement: str) -> None:
    if "299" in replacement:
        changed(plain, tmp_path / "less.xlsx", r'<row r="299">.*?</row>', "")
        plain = tmp_path / "less.xlsx"
    changed(plain, tmp_path / "other.xlsx", pattern, replacement)
    expected = rows_of(plain)
    if 't="str"' in replacement:
        expected = [[a, str(b) if 298 <= index < 398 else b, c, d] for index, (a, b, c, d) in enumerate(expected)]
    assert rows_of(tmp_path / "other.xlsx") == expected


def test_a_row_in_the_wrong_place_is_told(plain: Path, tmp_path: Path) -> None:
    changed(plain, tmp_path / "wrong.xlsx", '<row r="200">', '<row r="150">')
    with pytest.raises(SheetError, match="row 150 stands behind row 199"):
        rows_of(tmp_path / "wrong.xlsx")


def test_what_is_no_xml_between_rows_is_told(plain: Path, tmp_path: Path) -> None:
    changed(plain, tmp_path / "broken.xlsx", '<row r="200">', '</c><row r="200">')
    with pytest.raises(SheetError, match="is no XML"):
        rows_of(tmp_path / "broken.xlsx")


def test_a_sheet_that_was_left_halfway_can_be_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    with pytest.raises(CellValueError), WorkbookWriter(path) as workbook:
        workbook.sheet("Data", ["x" * 40_000])
    with pytest.raises(CellValueError), WorkbookWriter(path) as workbook:
        workbook.sheet("Data", NAMES).write([(NAMES, None)] * 2_000 + [([b"", *NAMES[1:]], None)])
    with pytest.raises(SheetError, match=r"no \.xlsx workbook"):
        SheetReader(path, "Data")
    assert not [thread for thread in threading.enumerate() if thread.name == "connect-sheet-part"]
    written(path, [[[1, 2, 3, 4]]], None)
    assert rows_of(path) == [[1, 2, 3, 4]]
