"""What can be wrong with a spreadsheet."""

from __future__ import annotations

__all__ = ["CellValueError", "SheetError"]


class SheetError(Exception):
    """A workbook cannot be read or written; the text names the sheet or part, and the cause."""


class CellValueError(SheetError):
    """A cell cannot hold this value."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(f"column {column!r}: {problem}")
        self.column = column
        self.problem = problem
