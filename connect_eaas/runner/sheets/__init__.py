"""Spreadsheets as streams: read row by row, write row by row, styles kept by number.

Own code instead of a library, for none reads and writes in constant memory at this speed; figures in
``docs/transformations.md``.
"""

from connect_eaas.runner.sheets.errors import CellValueError, SheetError
from connect_eaas.runner.sheets.reader import InputRow, SheetReader
from connect_eaas.runner.sheets.styles import CellStyle, StyleBook
from connect_eaas.runner.sheets.writer import SheetWriter, WorkbookWriter

__all__ = [
    "CellStyle",
    "CellValueError",
    "InputRow",
    "SheetError",
    "SheetReader",
    "SheetWriter",
    "StyleBook",
    "WorkbookWriter",
]
