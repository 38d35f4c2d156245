"""A plan of how the rows of a sheet look: one regular expression takes the values of many rows out at once.

Rows of real files look alike. The plan learns from rows that were read the slow way; a row that looks otherwise is
handed back as it stands, so the plan never has to be complete. Cells that all rows had so far are required in it, the
others are optional, for sheets are sparse: a required cell is found three times as quickly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from connect_eaas.runner.sheets.text import decode

__all__ = ["Convert", "FoundRow", "PlannedRows", "RawCell", "RowPlan"]

_ROW_START: Final = r'\s*<row r="(\d{1,7})"[^<>/]*>'
_ANYTHING_ELSE: Final = r"(\s*<row\b[\s\S]*?</row>|<)"
_FORMS_A_COLUMN: Final = 3
_FORMS: Final = 160
"""Beyond so many, a row that is not recognized would cost too much."""
_REBUILDS: Final = 64
_RELAXATIONS: Final = 8
"""So many times required cells become optional one by one, then all of them."""
_TRIAL: Final = 200
"""A plan that misses so many more rows than it recognizes is given up."""

Convert = Callable[[Sequence[str]], Sequence[Any]]
"""Makes the values of a column of its texts, None of empty ones. Raises ValueError, IndexError or OverflowError."""
RawCell = tuple[str, str, str, str, str]
"""Column letters, style, type, value, inline text; the last two as they stand in the XML unless the row was decoded."""
FoundRow = tuple[str, ...]
"""The row's number, the texts of its cells, and, if the plan does not recognize it, the row as it stands.

That is a mere ``<`` where something else than a row begins.
"""


class PlannedRows(NamedTuple):
    """Rows that the plan recognized: their numbers, values by column name, and which of them (from 0) have none."""

    numbers: list[int]
    values: list[dict[str, Any]]
    blank: frozenset[int]


class _Form(NamedTuple):
    """How a cell looks."""

    column: tuple[int, str]
    style: str
    kind: str
    empty: bool

    def pattern(self, *, wanted: bool, required: bool) -> str:
        style = f' s="{self.style}"' if self.style else ""
        kind = f' t="{self.kind}"' if self.kind else ""
        start = rf'<c r="{self.column[1]}\d[^"]*"{style}{kind}'
        text = "([^<]+)" if wanted else "[^<]+"
        if self.empty:
            cell = f"{start}/>"
        elif self.kind == "inlineStr":
            cell = rf"{start}><is><t[^<>]*>{text}</t></is></c>"
        else:
            cell = f"{start}><v>{text}</v></c>"
        return cell if required else f"(?:{cell})?"


class RowPlan:
    """Reads rows of the usual kinds of cells.

    Args:
        names: column letters → name, in the order of the values; other columns are passed over.
        converter: for a cell's type and style, what makes values of its column; None for texts that stand there
            themselves. Raises LookupError for types that the plan leaves alone.
    """

    def __init__(self, names: Mapping[str, str], converter: Callable[[str, str], Convert | None]) -> None:
        self._names = names
        self._converter = converter
        self._forms: dict[_Form, Convert | None] = {}
        self._required: set[_Form] | None = None
        self._relaxations = 0
        self._rebuilds = 0
        self._recognized = 0
        self._missed = 0
        self._given_up = False
        self._find: Callable[[str, int], list[FoundRow]] | None = None
        # By column name, in order: where its texts are, and what makes values of them.
        self._columns: dict[str, list[tuple[int, Convert | None]]] = {}
        # Changes with each thing that is learned.
        self.version = 0

    def find(self, text: str, position: int) -> list[FoundRow] | None:
        """All rows from a position on; None if the plan knows too little.

        Args:
            text: XML that ends with ``</row>``.
            position: where a row begins.
        """
        return None if self._find is None else self._find(text, position)

    def read(self, found: Sequence[FoundRow], *, plain: bool) -> PlannedRows | None:
        """The values of recognized rows; None if one of them has to be looked at to say what is wrong.

        Args:
            found: rows of ``find``.
            plain: no text of them contains anything to be decoded.
        """
        self._recognized += len(found)
        numbers, *columns = zip(*found, strict=True)
        columns.pop()
        sparse = all("" in texts for texts in columns)
        nothing = [None] * len(found)
        values: list[Sequence[Any]] = []
        try:
            for sources in self._columns.values():
                made: Sequence[Any] | None = None
                for position, convert in sources:
                    converted = _texts(columns[position], plain) if convert is None else convert(columns[position])
                    made = converted if made is None else _merged(made, converted)
                values.append(nothing if made is None else made)
        except (ValueError, IndexError, OverflowError):
            return None
        names = tuple(self._columns)
        rows = [dict(zip(names, row)) for row in zip(*values)]  # noqa: B905  # of equal length
        blank = frozenset(index for index, row in enumerate(found) if not any(row[1:])) if sparse else frozenset()
        return PlannedRows(list(map(int, numbers)), rows, blank)

    def learn(self, cells: Sequence[RawCell]) -> None:
        """Take in how a row that was read the slow way looks."""
        self._missed += 1
        if self._missed > self._recognized + _TRIAL or len(self._forms) > _FORMS:
            self._given_up, self._find = True, None
        if self._given_up or self._rebuilds >= _REBUILDS:
            return
        known = len(self._forms)
        present = set()
        for letters, style, kind, value, inline in cells:
            form = _Form((len(letters), letters), style, kind, not value and not inline)
            present.add(form)
            if form in self._forms or sum(1 for other in self._forms if other.column == form.column) >= _FORMS_A_COLUMN:
                continue
            try:
                self._forms[form] = self._converter(kind, style)
            except LookupError:
                continue
        if self._relax(present) or len(self._forms) > known:
            self._rebuilds += 1
            self._build()

    def _relax(self, present: set[_Form]) -> bool:
        """Require no cell that this row lacks; whether one was required until now."""
        if self._required is None:
            self._required = present & self._forms.keys()
            return True
        if self._required <= present:
            return False
        self._relaxations += 1
        self._required = self._required & present if self._relaxations < _RELAXATIONS else set()
        return True

    def _build(self) -> None:
        self._columns = {name: [] for name in self._names.values()}
        required = self._required or set()
        pieces, position = [_ROW_START], 0
        for form, convert in sorted(self._forms.items(), key=lambda item: item[0]):
            name = self._names.get(form.column[1])
            pieces.append(form.pattern(wanted=name is not None, required=form in required))
            if form.empty or name is None:
                continue
            self._columns[name].append((position, convert))
            position += 1
        self._find = re.compile(f"{''.join(pieces)}</row>|{_ANYTHING_ELSE}").findall
        self.version += 1


def _texts(texts: Sequence[str], plain: bool) -> Sequence[str | None]:
    if not plain:
        return [decode(text) if text else None for text in texts]
    return [text or None for text in texts] if "" in texts else texts


def _merged(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    return [one if other is None else other for one, other in zip(first, second, strict=True)]
