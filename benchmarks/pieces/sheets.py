"""Ways to change one column of a spreadsheet: ours and plain scripts. Each is made with its imports done."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

__all__ = ["WAYS", "peak_mb", "write_source"]

COLUMNS = ("id", "sku", "note", "quantity", "price", "share", "day", "renews", "discount", "region")
Way = Callable[[Path, Path], None]


def write_source(path: Path, rows: int, *, styled: bool = False) -> None:
    """Write a workbook: three texts, three numbers, a date, yes or no, and two that are filled here and there."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet("Data")
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        bold = workbook.add_format({"bold": True, "font_color": "#CC0000"}) if styled else None
        money = workbook.add_format({"num_format": "0.00", "bg_color": "#EEEEEE"}) if styled else None
        sheet.write_row(0, 0, COLUMNS)
        begin = datetime(2025, 1, 1)
        for number in range(1, rows + 1):
            sheet.write_string(number, 0, f"AS-{number:012d}", bold)
            sheet.write_string(number, 1, f"SKU-{number % 977}", bold)
            sheet.write_string(number, 2, f"Subscription number {number} of a customer")
            sheet.write_number(number, 3, number % 100)
            sheet.write_number(number, 4, number * 1.37, money)
            sheet.write_number(number, 5, number / 7, money)
            sheet.write_datetime(number, 6, begin + timedelta(days=number % 365), day)
            sheet.write_boolean(number, 7, number % 2 == 0)
            if number % 10 == 0:
                sheet.write_number(number, 8, 5, money)
                sheet.write_string(number, 9, "EMEA", bold)


def peak_mb() -> float:
    """The most memory that this process ever had resident. Linux only."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no peak of the resident memory")


def _ours(styled: bool = False) -> Way:
    import asyncio
    import logging

    import anyio.lowlevel

    from connect_eaas import RowTransformationResponse
    from connect_eaas.runner.handlers.transformation import transform
    from connect_eaas.runner.handlers.transformation_request import OutputColumn, TransformationRequest
    from connect_eaas.runner.handlers.transformation_rows import RowMethod
    from connect_eaas.runner.threads import ThreadPool

    logging.disable(logging.INFO)
    # What anyio imports when it is first used, a runner has imported long ago.
    asyncio.run(anyio.lowlevel.checkpoint())

    class Files:
        """In place of the platform: the files lie here already."""

        def __init__(self, source: Path, target: Path) -> None:
            self._source = source
            self._target = target

        async def download(self, path: str, into: Path) -> None:
            await asyncio.to_thread(shutil.copyfile, self._source, into)

        async def progress(self, total: int, processed: int) -> None:
            """Nobody is told."""

        async def hand_in(self, file: Path, batch_id: str) -> None:
            await asyncio.to_thread(shutil.copyfile, file, self._target)

    async def change(row: dict[str, Any]) -> RowTransformationResponse:
        row["sku"] = row["sku"].lower()
        return RowTransformationResponse.done(row)

    async def change_styled(row: dict[str, Any], row_styles: dict[str, Any]) -> RowTransformationResponse:
        row["sku"] = row["sku"].lower()
        return RowTransformationResponse.done(row, row_styles)

    async def work(source: Path, target: Path) -> None:
        import time

        columns = tuple(OutputColumn(name) for name in COLUMNS)
        request = TransformationRequest("TFR-1", "billing", "/in.xlsx", "STRB-1", columns, None, {})
        method = RowMethod(change_styled if styled else change, "Benchmark.change", True, styled)
        pool = ThreadPool(4, name="benchmark")
        calls: Any = Files(source, target)
        await transform(request, method, calls, pool=pool, concurrency=20, row_limit_s=90.0, clock=time.monotonic)
        pool.close()

    return lambda source, target: asyncio.run(work(source, target))


def _rows_of_calamine(source: Path) -> Iterator[list[Any]]:
    from python_calamine import CalamineWorkbook

    rows: Iterator[list[Any]] = CalamineWorkbook.from_path(str(source)).get_sheet_by_name("Data").iter_rows()
    return rows


def _calamine_rustpy() -> Way:
    import python_calamine
    import rustpy_xlsxwriter

    assert python_calamine

    def work(source: Path, target: Path) -> None:
        rows = _rows_of_calamine(source)
        names = next(rows)

        def changed() -> Iterator[dict[str, Any]]:
            for values in rows:
                row = dict(zip(names, values, strict=True))
                row["sku"] = row["sku"].lower()
                yield row

        rustpy_xlsxwriter.write_worksheet(changed(), str(target), "Data")

    return work


def _calamine_xlsxwriter() -> Way:
    import python_calamine
    import xlsxwriter

    assert python_calamine

    def work(source: Path, target: Path) -> None:
        rows = _rows_of_calamine(source)
        options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
        with xlsxwriter.Workbook(str(target), options) as workbook:
            sheet = workbook.add_worksheet("Data")
            sheet.write_row(0, 0, next(rows))
            for number, values in enumerate(rows, 1):
                values[1] = values[1].lower()
                sheet.write_row(number, 0, values)

    return work


def _openpyxl() -> Way:
    """Loses the styles: keeping them would take it several times as long."""
    import openpyxl

    def work(source: Path, target: Path) -> None:
        given = openpyxl.load_workbook(source, read_only=True)
        result = openpyxl.Workbook(write_only=True)
        sheet = result.create_sheet("Data")
        rows = given["Data"].iter_rows(values_only=True)
        sheet.append(next(rows))
        for values in rows:
            changed: list[Any] = list(values)
            changed[1] = changed[1].lower()
            sheet.append(changed)
        result.save(target)

    return work


WAYS: Mapping[str, Callable[[], Way]] = {
    "ours": _ours,
    "ours-styled": lambda: _ours(styled=True),
    "calamine-rustpy": _calamine_rustpy,
    "calamine-xlsxwriter": _calamine_xlsxwriter,
    "openpyxl": _openpyxl,
}
