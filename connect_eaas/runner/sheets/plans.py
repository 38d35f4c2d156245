"""A plan of how the rows of a sheet look: one regular expression takes the values of all columns out at once.

Rows of real files look alike. The plan learns from rows that were read the slow way; a row that looks otherwise is
simply not recognized by it, so it never has to be complete. Each cell is optional in it, for sheets are sparse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from connect_eaas.runner.sheets.text import decode

if TYPE_CHECKING:
    from connect_eaas.runner.sheets.cells import RawCell

__all__ = ["PlannedRow", "RowPlan"]

_ROW_START: Final = r'\s*<row\s(?:[^<>/]*?\s)?r="(\d{1,7})"[^<>/]*>'
_FORMS_A_COLUMN: Final = 3
_FORMS: Final = 160
"""Beyond so many, a row that is not recognized would cost too much."""
_REBUILDS: Final = 64
_TRIAL: Final = 200
"""A plan that misses so many more rows than it recognizes is given up."""

Convert = Callable[[str], Any]


class PlannedRow(NamedTuple):
    """A row that the plan recognized: values by column name, None in ``values`` if there is not a single one."""

    number: int
    values: dict[str, Any] | None


class _Form(NamedTuple):
    """How a cell looks."""

    column: tuple[int, str]
    style: str
    kind: str
    empty: bool

    def pattern(self, *, wanted: bool) -> str:
        style = f' s="{self.style}"' if self.style else ""
        kind = f' t="{self.kind}"' if self.kind else ""
        start = rf'<c r="{self.column[1]}\d{{1,7}}"{style}{kind}'
        if self.empty:
            return f"(?:{start}/>)?"
        begin, end = ("(", ")") if wanted else ("", "")
        if self.kind == "inlineStr":
            return rf'(?:{start}><is><t(?: xml:space="preserve")?>{begin}[^<]+{end}</t></is></c>)?'
        return f"(?:{start}><v>{begin}[^<]+{end}</v></c>)?"


class RowPlan:
    """Reads rows of the usual kinds of cells.

    Args:
        names: column letters → name; other columns are passed over.
        blank: a row without values.
        converter: for a cell's type and style, what makes its value of the text in the file; None for texts that stand
            there themselves. Raises LookupError for types that the plan leaves alone.
    """

    def __init__(
        self, names: Mapping[str, str], blank: Mapping[str, Any], converter: Callable[[str, str], Convert | None]
    ) -> None:
        self._names = names
        self._blank = dict(blank)
        self._converter = converter
        self._forms: dict[_Form, Convert | None] = {}
        self._rebuilds = 0
        self._recognized = 0
        self._missed = 0
        self._given_up = False
        self._match: Callable[[str], re.Match[str] | None] | None = None
        self._primary: list[str] = []
        self._pick: Callable[[Sequence[Any]], Sequence[Any]] | None = None
        self._texts: list[str] = []
        self._conversions: list[tuple[str, Convert]] = []
        self._others: list[tuple[int, str, Convert]] = []

    def read(self, piece: str) -> PlannedRow | None:
        """The row in a piece of XML that lacks its ``</row>``; None if it has to be read the slow way."""
        if self._match is None:
            return None
        found = self._match(piece)
        if found is None:
            return None
        number, *texts = found.groups()
        self._recognized += 1
        if not any(texts):
            return PlannedRow(int(number), None)
        values = self._blank.copy()
        values.update(zip(self._primary, texts if self._pick is None else self._pick(texts)))  # noqa: B905  # equal
        try:
            for name, convert in self._conversions:
                text = values[name]
                if text is not None:
                    values[name] = convert(text)
            if "&" in piece or "_x" in piece:
                for name in self._texts:
                    if values[name] is not None:
                        values[name] = decode(values[name])
            for position, name, convert in self._others:
                text = texts[position]
                if text is not None:
                    values[name] = convert(text)
        except (ValueError, IndexError, OverflowError):
            # The slow way says which cell it is.
            return None
        return PlannedRow(int(number), values)

    def learn(self, cells: Sequence[RawCell]) -> None:
        """Take in how a row that was read the slow way looks."""
        self._missed += 1
        if self._missed > self._recognized + _TRIAL or len(self._forms) > _FORMS:
            self._given_up, self._match = True, None
        if self._given_up or self._rebuilds >= _REBUILDS:
            return
        known = len(self._forms)
        for letters, style, kind, value, inline in cells:
            form = _Form((len(letters), letters), style, kind, not value and not inline)
            if form in self._forms or sum(1 for other in self._forms if other.column == form.column) >= _FORMS_A_COLUMN:
                continue
            try:
                self._forms[form] = self._converter(kind, style)
            except LookupError:
                continue
        if len(self._forms) > known:
            self._rebuilds += 1
            self._build()

    def _build(self) -> None:
        self._primary, self._texts, self._conversions, self._others = [], [], [], []
        pieces, positions, position = [_ROW_START], [], 0
        for form, convert in sorted(self._forms.items(), key=lambda item: item[0]):
            name = self._names.get(form.column[1])
            pieces.append(form.pattern(wanted=name is not None))
            if form.empty or name is None:
                continue
            if name in self._primary:
                self._others.append((position, name, convert or decode))
            else:
                self._primary.append(name)
                positions.append(position)
                if convert is None:
                    self._texts.append(name)
                else:
                    self._conversions.append((name, convert))
            position += 1
        self._pick = _picker(positions) if self._others else None
        self._match = re.compile("".join(pieces)).fullmatch


def _picker(positions: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda texts: [texts[position] for position in positions]
