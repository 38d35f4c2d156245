"""The author's helpers for transformations do what the runner does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation
from connect_eaas.errors import DeclarationError
from connect_eaas.runner.handlers.transformation_rows import RowError
from connect_eaas.testing import TransformedRow, read_sheet, transform_rows, transform_sheet, write_sheet

UI = "/static/edit.html"
Row = dict[str, Any]


class Prices(TransformationsApplicationBase):
    @transformation("Convert", "Multiplies", UI)
    def convert(self, row: Row) -> RowTransformationResponse:
        if row["price"] is None:
            return RowTransformationResponse.skip()
        if row["price"] < 0:
            return RowTransformationResponse.fail("a price is not negative")
        if row["price"] == 0:
            return RowTransformationResponse.delete()
        assert self.transformation_request is not None
        row["price"] *= self.transformation_request["transformation"]["settings"].get("rate", 2)
        return RowTransformationResponse.done(row)

    @transformation("Later", "Asynchronously", UI)
    async def later(self, row: Row) -> RowTransformationResponse:
        await asyncio.sleep(0.02 if row["price"] == 1 else 0)
        return RowTransformationResponse.done({"price": f"{row['price']} {self.config['CURRENCY']}"})

    @transformation("Styled", "Keeps styles", UI)
    def styled(self, row: Row, row_styles: Row) -> RowTransformationResponse:
        return RowTransformationResponse.done(row, row_styles)

    @transformation("Stuck", "Never ends", UI)
    async def stuck(self, row: Row) -> RowTransformationResponse:
        await asyncio.Event().wait()
        return RowTransformationResponse.skip()


def test_each_answer_is_told_and_the_rows_given_stay_as_they_are() -> None:
    rows: list[Row] = [{"price": 3}, {"price": None}, {"price": 0}, {"price": "#INSTRUCTION/DELETE_ROW"}]
    result = transform_rows(Prices, "convert", rows, settings={"rate": 5})
    assert [row.status for row in result] == ["success", "skip", "delete", "delete"]
    assert result[0] == TransformedRow("success", {"price": 15})
    assert rows[0] == {"price": 3}


def test_asynchronous_rows_keep_their_order_and_get_the_configuration() -> None:
    result = transform_rows(Prices, "later", [{"price": 1}, {"price": 2}], config={"CURRENCY": "EUR"})
    assert [row.values for row in result] == [{"price": "1 EUR"}, {"price": "2 EUR"}]


def test_a_failed_row_raises_what_the_conversation_would_say() -> None:
    with pytest.raises(RowError, match=r"Prices\.convert failed at row 2: a price is not negative"):
        transform_rows(Prices, "convert", [{"price": 1}, {"price": -1}])


def test_a_row_has_a_time_limit() -> None:
    with pytest.raises(RowError, match=r"took longer than 0\.05 s for row 1"):
        transform_rows(Prices, "stuck", [{"price": 1}], row_limit_s=0.05)


def test_an_unknown_method_is_named_with_those_that_exist() -> None:
    with pytest.raises(DeclarationError, match=r"'no' \(declared: convert, later, stuck, styled\)"):
        transform_rows(Prices, "no", [])


def test_a_sheet_is_transformed_as_the_runner_writes_it(tmp_path: Path) -> None:
    source, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    write_sheet(source, [{"price": 1, "note": "a"}, {"note": "b"}, {"price": 0}])
    assert transform_sheet(Prices, "convert", source, target, columns=["note", "price"]) == 3
    deleted = "#INSTRUCTION/DELETE_ROW"
    assert list(openpyxl.load_workbook(target)["Data"].iter_rows(values_only=True)) == [
        ("note", "price"),
        ("a", 2),
        ("#N/A", "#N/A"),
        (deleted, deleted),
    ]
    assert read_sheet(target)[0] == {"note": "a", "price": 2}


def test_styles_of_a_sheet_are_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].title = "Data"
    workbook["Data"]["A1"], workbook["Data"]["A2"] = "price", 5
    workbook["Data"]["A2"].font = Font(bold=True)
    workbook.save(source)
    assert transform_sheet(Prices, "styled", source, target) == 1
    assert openpyxl.load_workbook(target)["Data"]["A2"].font.b is True


def test_the_fixture_is_the_function(transformation_runner: Any) -> None:
    assert transformation_runner is transform_rows
