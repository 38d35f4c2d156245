"""Spreadsheets through the real runner and the real platform."""

from __future__ import annotations

import asyncio
import io
import re
import stat
import tempfile
import threading
from pathlib import Path
from typing import Any, ClassVar

import openpyxl
import pytest
from openpyxl.styles import Font
from transformations_stage import Stage

from connect_eaas import (
    RowTransformationResponse,
    TransformationsApplicationBase,
    manual_transformation,
    transformation,
)
from connect_eaas.runner.settings import Limits

UI = "/static/edit.html"
Row = dict[str, Any]


def rows_of(workbook: openpyxl.Workbook, sheet: str = "Data") -> list[tuple[Any, ...]]:
    return list(workbook[sheet].iter_rows(values_only=True))


class Sheets(TransformationsApplicationBase):
    started = threading.Event()
    may_go_on = threading.Event()

    @transformation("Upper", "Shouts", UI)
    def upper(self, row: Row) -> RowTransformationResponse:
        assert self.transformation_request is not None
        assert self.installation is not None
        return RowTransformationResponse.done({**row, "sku": row["sku"].lower()})

    @transformation("Upper, asynchronously", "Shouts", UI)
    async def upper_async(self, row: Row) -> RowTransformationResponse:
        await asyncio.sleep(0)
        return RowTransformationResponse.done({**row, "sku": row["sku"].lower()})

    @transformation("Mixed", "Each kind of answer", UI)
    async def mixed(self, row: Row) -> RowTransformationResponse:
        number = int(row["id"].rpartition("-")[2])
        if number % 3 == 0:
            return RowTransformationResponse.skip()
        if number % 3 == 1:
            return RowTransformationResponse.delete()
        return RowTransformationResponse.done({"id": row["id"], "note": None})

    @transformation("Fails", "Fails at the fifth row", UI)
    def fails(self, row: Row) -> RowTransformationResponse:
        if row["id"].endswith("5"):
            return RowTransformationResponse.fail("five is not allowed")
        return RowTransformationResponse.done(row)

    @transformation("Raises", "Raises", UI)
    async def raises(self, row: Row) -> RowTransformationResponse:
        raise LookupError("no such price")

    @transformation("Nonsense", "Returns a dict", UI)
    def nonsense(self, row: Row) -> Any:
        return row

    @transformation("Unwritable", "A value that no cell holds", UI)
    def unwritable(self, row: Row) -> RowTransformationResponse:
        return RowTransformationResponse.done({**row, "note": {"a": 1}})

    @transformation("Slow", "Never answers", UI)
    async def slow(self, row: Row) -> RowTransformationResponse:
        await asyncio.Event().wait()
        return RowTransformationResponse.skip()

    @transformation("Stuck", "Waits in a thread", UI)
    def stuck(self, row: Row) -> RowTransformationResponse:
        self.may_go_on.wait(30)
        return RowTransformationResponse.skip()

    @transformation("Styled", "Keeps styles", UI)
    def styled(self, row: Row, row_styles: Row) -> RowTransformationResponse:
        return RowTransformationResponse.done(row, {"price": row_styles["price"], "sku": row_styles["price"]})

    @manual_transformation()
    @transformation("By hand", "People do it", UI)
    def by_hand(self, row: Row) -> RowTransformationResponse:
        return RowTransformationResponse.skip()


@pytest.mark.parametrize("method", ["upper", "upper_async"])
async def test_all_rows_come_out_in_their_order_with_the_columns_described(stage: Stage, method: str) -> None:
    async with stage.runner(Sheets):
        request, status = await stage.transformed(**{"transformation.method": method, "stats.rows.total": 1234})
    assert (status, request["status"]) == ("succeeded", "completed")
    assert request["stats"]["rows"] == {"total": 1234, "processed": 1234}
    given, got = rows_of(await stage.input(request)), rows_of(await stage.result(request))
    assert got[0] == given[0]
    assert len(got) == 1235
    expected = [(row[0], row[1].lower(), *row[2:7], "#N/A" if row[7] is None else row[7]) for row in given[1:]]
    assert got[1:] == expected
    columns = rows_of(await stage.result(request), "Columns")
    assert columns[0] == ("Name", "Type", "Nullable", "Description", "Precision")
    assert columns[4] == ("price", "decimal", False, "Price of a piece", 2)


async def test_skipped_and_deleted_rows_are_marked(stage: Stage) -> None:
    async with stage.runner(Sheets):
        request, status = await stage.transformed(**{"transformation.method": "mixed", "stats.rows.total": 6})
    assert status == "succeeded"
    deleted, skipped = ("#INSTRUCTION/DELETE_ROW",) * 8, ("#N/A",) * 8
    rows = rows_of(await stage.result(request))[1:]
    assert [rows[0], rows[2], rows[3], rows[5]] == [deleted, skipped, deleted, skipped]
    assert rows[1] == ("AS-000000000002", *("#N/A",) * 7)


async def test_a_deleted_input_row_is_passed_on_without_a_call(stage: Stage) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Data"
    sheet.append(["id", "sku"])
    sheet.append(["1", "#INSTRUCTION/DELETE_ROW"])
    sheet.append(["2", "B"])
    content = io.BytesIO()
    workbook.save(content)
    given = await stage.upload(content.getvalue())
    async with stage.runner(Sheets):
        request, status = await stage.transformed(
            **{
                "transformation.method": "upper",
                "stats.rows.total": 2,
                "files.input": {"id": given["id"], "name": given["file"]},
                "transformation.columns.output": [{"name": "sku", "type": "string"}],
            }
        )
    assert status == "succeeded"
    assert rows_of(await stage.result(request)) == [("sku",), ("#INSTRUCTION/DELETE_ROW",), ("b",)]


@pytest.mark.parametrize(
    ("method", "cause"),
    [
        ("fails", "Sheets.fails failed at row 5: five is not allowed"),
        ("raises", "Sheets.raises failed at row 1: LookupError: no such price"),
        ("nonsense", "Sheets.nonsense"),
        ("unwritable", "Sheets.unwritable failed at row 1: column 'note': a cell cannot hold a dict"),
        # All rows are late, and which of them is seen first depends on when their threads began.
        ("slow", r"Sheets\.slow took longer than 1 s for row \d: timed out"),
        ("stuck", r"Sheets\.stuck took longer than 1 s for row \d: timed out; it is still running"),
    ],
)
async def test_a_failed_row_fails_the_request_and_says_why(stage: Stage, method: str, cause: str) -> None:
    Sheets.may_go_on.clear()
    try:
        async with stage.runner(Sheets, limits=Limits(row_s=1 if "took longer" in cause else 60)):
            request, status = await stage.transformed(**{"transformation.method": method, "stats.rows.total": 9})
    finally:
        Sheets.may_go_on.set()
    assert (status, request["status"]) == ("failed", "failed")
    message = await stage.message_of(request["id"])
    assert re.match(f"Transformation request processing failed: {cause}", message)


@pytest.mark.parametrize(("said", "found"), [(10, "9 rows"), (8, "more than 8 rows")])
async def test_a_wrong_number_of_rows_fails_at_once(stage: Stage, said: int, found: str) -> None:
    source, _, _ = await stage.trigger(**{"stats.rows.total": 9})
    async with stage.runner(Sheets):
        request, status = await stage.transformed(
            **{"transformation.method": "upper", "stats.rows.total": said, "files.input": source["files"]["input"]}
        )
    assert (status, request["status"]) == ("failed", "failed")
    message = await stage.message_of(request["id"])
    assert found in message
    assert f"the request says {said} (stats.rows.total)" in message


class Uneven(TransformationsApplicationBase):
    last_began: ClassVar[threading.Event] = threading.Event()

    @transformation("Coroutine", "The first row waits for the last one", UI)
    async def coroutine(self, row: Row) -> RowTransformationResponse:
        if self.number(row) == 1:
            assert await asyncio.to_thread(self.last_began.wait, 30)
        return self.done(row)

    @transformation("Plain", "The first row waits for the last one", UI)
    def plain(self, row: Row) -> RowTransformationResponse:
        if self.number(row) == 1:
            assert self.last_began.wait(30)
        return self.done(row)

    def number(self, row: Row) -> int:
        return int(row["id"].rpartition("-")[2])

    def done(self, row: Row) -> RowTransformationResponse:
        if self.number(row) == 300:
            self.last_began.set()
        return RowTransformationResponse.done(row)


@pytest.mark.parametrize("method", ["coroutine", "plain"])
async def test_slow_row_does_not_hold_up_those_behind_it(stage: Stage, method: str) -> None:
    Uneven.last_began.clear()
    async with stage.runner(Uneven, limits=Limits(row_s=20)):
        request, status = await stage.transformed(**{"transformation.method": method, "stats.rows.total": 300})
    assert (status, request["status"]) == ("succeeded", "completed"), await stage.message_of(request["id"])
    given, got = rows_of(await stage.input(request)), rows_of(await stage.result(request))
    assert [row[0] for row in got] == [row[0] for row in given], "and the rows stay in their order"


class LooksAround(TransformationsApplicationBase):
    seen: ClassVar[list[Path]] = []
    modes: ClassVar[set[int]] = set()

    @transformation("Look around", "Notes the files that there are meanwhile", UI)
    def look(self, row: Row) -> RowTransformationResponse:
        found = list(Path(tempfile.gettempdir()).iterdir())
        self.seen.extend(found)
        self.modes.update(stat.S_IMODE(path.stat().st_mode) for path in found)
        if row["id"].endswith("5"):
            return RowTransformationResponse.fail("five is not allowed")
        return RowTransformationResponse.done(row)


@pytest.mark.parametrize(("total", "status"), [(3, "succeeded"), (9, "failed")])
async def test_files_are_private_and_end_with_their_request(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, total: int, status: str
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    LooksAround.seen.clear()
    async with stage.runner(LooksAround):
        _, ended = await stage.transformed(**{"transformation.method": "look", "stats.rows.total": total})
    assert ended == status
    assert {path.parent for path in LooksAround.seen} == {folder}
    assert LooksAround.modes == {0o700}
    assert list(folder.iterdir()) == []


async def test_a_sheet_without_rows_is_transformed(stage: Stage) -> None:
    async with stage.runner(Sheets):
        request, status = await stage.transformed(**{"transformation.method": "upper", "stats.rows.total": 0})
    assert (status, request["status"]) == ("succeeded", "completed")
    assert len(rows_of(await stage.result(request))) == 1


@pytest.mark.parametrize("content", [b"garbage", b"PK\x03\x04 and then nothing", b"\0" * 5000])
async def test_garbage_instead_of_a_workbook_fails_with_a_clear_message(stage: Stage, content: bytes) -> None:
    given = await stage.upload(content)
    async with stage.runner(Sheets):
        request, status = await stage.transformed(
            **{"transformation.method": "upper", "files.input": {"id": given["id"], "name": given["file"]}}
        )
    assert (status, request["status"]) == ("failed", "failed")
    assert "the file is no .xlsx workbook" in await stage.message_of(request["id"])


async def test_styles_are_kept_where_the_method_hands_them_on(stage: Stage) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Data"
    sheet.append(["sku", "price"])
    sheet.append(["A", 1.5])
    sheet["B2"].font = Font(bold=True, color="FFCC0000")
    sheet["B2"].number_format = '0.00" EUR"'
    content = io.BytesIO()
    workbook.save(content)
    given = await stage.upload(content.getvalue())
    async with stage.runner(Sheets):
        request, status = await stage.transformed(
            **{
                "transformation.method": "styled",
                "stats.rows.total": 1,
                "files.input": {"id": given["id"], "name": given["file"]},
                "transformation.columns.output": [{"name": "price"}, {"name": "sku"}],
            }
        )
    assert status == "succeeded"
    result = (await stage.result(request))["Data"]
    for cell in (result["A2"], result["B2"]):
        assert (cell.font.b, cell.font.color.rgb, cell.number_format) == (True, "FFCC0000", '0.00" EUR"')


async def test_manual_transformations_make_no_task(stage: Stage) -> None:
    async with stage.runner(Sheets):
        request, tasks, notes = await stage.trigger(**{"transformation.method": "by_hand"})
    assert tasks == []
    assert "manual" in notes[0]
    assert request["transformation"]["function"]["manual"] is True


async def test_settings_that_a_dialog_would_give_are_missed(stage: Stage) -> None:
    async with stage.runner(Sheets):
        _, tasks, notes = await stage.trigger(**{"transformation.method": "upper"})
        assert tasks
        assert "'upper' has no settings" in notes[-1]
        assert "--set 'transformation.settings=" in notes[-1]
        given = {"transformation.method": "upper", "transformation.settings": {"to": "lower"}}
        _, tasks, notes = await stage.trigger(**given)
        assert tasks
        assert notes == []


async def test_functions_of_runners_are_listed(stage: Stage) -> None:
    async with stage.runner(Sheets):
        answer = await stage.api.get("devops/transformations?eq(environment.extension.package,sheets.example)")
    assert {item["method"]: item["manual"] for item in answer.json()}["by_hand"] is True


async def test_a_request_that_is_done_already_is_skipped(stage: Stage) -> None:
    with stage.platform.services.signals.listen(lambda _: True) as inbox:
        async with stage.runner(Sheets):
            pass
        request, tasks, notes = await stage.trigger(**{"transformation.method": "upper"})
        assert tasks, notes
        assert (await stage.api.post(f"billing/requests/{request['id']}/fail")).status_code == 200
        async with stage.runner(Sheets):
            _, status = await stage.ended(request["id"], tasks[0]["id"], inbox)
    assert status == "skipped"
