"""One line of the table of promises, and the table itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Row", "table", "write_json"]

_TITLES = ("what", "measured", "reference", "ratio", "promise", "holds")


@dataclass(frozen=True)
class Row:
    """What one promise came to. A benchmark's ``run()`` prints what it found and returns its rows.

    Every text is as the table shows it, units included; those that do not apply are left out.
    """

    what: str
    measured: str
    promise: str
    holds: bool
    reference: str = "–"
    ratio: str = "–"

    def cells(self) -> tuple[str, ...]:
        """The texts in the order of the table's columns."""
        return self.what, self.measured, self.reference, self.ratio, self.promise, "yes" if self.holds else "NO"


def table(rows: Sequence[Row]) -> str:
    """The rows below each other, as a Markdown table that a terminal shows well, too."""
    lines = [_TITLES, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    head, *body = ("| " + " | ".join(map(str.ljust, cells, widths)) + " |" for cells in lines)
    return "\n".join([head, "|-" + "-|-".join("-" * width for width in widths) + "-|", *body])


def write_json(path: Path, rows: Iterable[Row]) -> None:
    """Write the rows as a JSON list of objects."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
