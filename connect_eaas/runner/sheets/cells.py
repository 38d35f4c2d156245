"""Rows of a sheet's XML: found quickly where the file is written as all common programs do, thoroughly elsewhere.

The quickest way is the plan of the sheet's rows. A row that it does not recognize has its cells taken out by a regular
expression; what begins like a cell is counted, and if the expression has not found as many, the row goes through a real
XML parser. Comments, CDATA, prefixes and other encodings make the rest of the file go that way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final, NamedTuple
from xml.parsers import expat

from connect_eaas.runner.sheets import xml
from connect_eaas.runner.sheets.errors import SheetError
from connect_eaas.runner.sheets.plans import FoundRow, PlannedRows, RawCell, RowPlan

__all__ = ["RawRow", "column_letters", "raw_rows"]

_BEGIN: Final = b"<sheetData>"
_HEAD_LIMIT: Final = 8 * 1024 * 1024
_ROW_LIMIT: Final = 64 * 1024 * 1024
_DECLARED: Final = re.compile(rb"^\s*(?:<\?xml[^>]*?encoding=[\"']([^\"']+)[\"'][^>]*\?>)?")
_ROOT: Final = re.compile(r"<worksheet(?:\s[^<>]*)?>")
_ROW: Final = re.compile(r'\s*<row\s(?:[^<>/]*?\s)?r="(\d{1,7})"[^<>/]*>')
_CELL: Final = re.compile(
    r'<c r="([A-Z]{1,3})\d{1,7}"(?: s="(\d{1,9})")?(?: t="([a-zA-Z]+)")?\s?'
    r"(?:/>|>(?:<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>))?"
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?</c>)'
)


class RawRow(NamedTuple):
    """A row with its number, counted from 1; ``decoded`` if entities are resolved already."""

    number: int
    cells: list[RawCell]
    decoded: bool


def raw_rows(
    chunks: Iterable[bytes], sheet: str, plan: Callable[[], RowPlan | None] = lambda: None
) -> Generator[RawRow | PlannedRows, None, None]:
    """The rows of a worksheet part, in the order of the file.

    Args:
        chunks: the part's content.
        sheet: its name, for messages.
        plan: the plan of the rows, as soon as there is one; rows that it recognizes come as its own, many at once.

    Raises:
        SheetError: it is not well-formed, or ends in the middle.
    """
    reading = _Reading(iter(chunks), sheet, plan)
    try:
        yield from reading.rows()
    except expat.ExpatError as error:
        raise SheetError(f"sheet {sheet!r} is no XML: {error}") from error
    except UnicodeDecodeError as error:
        raise SheetError(f"sheet {sheet!r} is not in the encoding that it claims: {error.reason}") from error


class _Reading:
    def __init__(self, chunks: Iterator[bytes], sheet: str, plan: Callable[[], RowPlan | None]) -> None:
        self._chunks = chunks
        self._sheet = sheet
        self._plan = plan
        self._last = 0
        # The document's beginning up to the rows, with which a piece of it can be parsed alone.
        self._opening = "<worksheet><sheetData>"

    def rows(self) -> Iterator[RawRow | PlannedRows]:
        head = b""
        for chunk in self._chunks:
            head += chunk
            if _BEGIN in head or len(head) > _HEAD_LIMIT:
                break
        before, found, rest = head.partition(_BEGIN)
        declared = _DECLARED.match(before)
        encoding = (declared[1] or b"utf-8").lower() if declared is not None else b"utf-8"
        opening = before.decode("utf-8", "replace")
        root = _ROOT.search(opening)
        if not found or encoding not in (b"utf-8", b"utf8", b"us-ascii") or root is None or "<!" in opening:
            yield from self._thorough(head, opening="")
            return
        self._opening = f"{root[0]}<sheetData>"
        yield from self._quick(rest)

    def _quick(self, buffer: bytes) -> Iterator[RawRow | PlannedRows]:
        while True:
            # Looking for one character is far quicker, and hardly any sheet has it.
            if b"!" in buffer and b"<!" in buffer:
                yield from self._thorough(buffer, opening=self._opening)
                return
            cut = buffer.rfind(b"</row>") + 6
            # Nothing behind the rows contains one.
            end = buffer.find(b"</sheetData>", max(cut - 6, 0))
            if end >= 0:
                cut = end
            if end >= 0 or cut > 5:
                yield from self._split(buffer[:cut].decode("utf-8"))
                if end >= 0:
                    return
                buffer = buffer[cut:]
            if len(buffer) > _ROW_LIMIT:
                raise SheetError(f"sheet {self._sheet!r}: row {self._last + 1} is longer than {_ROW_LIMIT} bytes")
            chunk = next(self._chunks, None)
            if chunk is None:
                raise SheetError(f"sheet {self._sheet!r} ends in the middle, after row {self._last}")
            buffer += chunk

    def _split(self, text: str) -> Iterator[RawRow | PlannedRows]:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        end = text.rfind("</row>") + 6
        rows, tail = (text[:end], text[end:]) if end > 5 else ("", text)
        position = 0
        while position < len(rows):
            plan = self._plan()
            found = None if plan is None else plan.find(rows, position)
            if plan is None or found is None:
                end = rows.index("</row>", position) + 6
                yield from self._slowly(rows[position:end])
                position = end
            else:
                position = yield from self._planned(plan, rows, position, found)
        if "<" in tail:
            yield from self._alone(tail)

    def _planned(
        self, plan: RowPlan, rows: str, position: int, found: list[FoundRow]
    ) -> Generator[RawRow | PlannedRows, None, int]:
        """Rows that the plan found, up to the first that teaches it something; returns the position behind."""
        version = plan.version
        plain = "&" not in rows and not ("_" in rows and "_x" in rows)
        begin = 0
        for index in [index for index, row in enumerate(found) if row[-1]]:
            other = found[index][-1]
            if other == "<":
                yield from self._alone(rows[position:])
                return len(rows)
            at = rows.index(other, position)
            yield from self._converted(plan, found[begin:index], rows[position:at], plain)
            yield from self._slowly(other)
            position, begin = at + len(other), index + 1
            if plan.version != version:
                return position
        yield from self._converted(plan, found[begin:], rows[position:], plain)
        return len(rows)

    def _converted(
        self, plan: RowPlan, found: list[FoundRow], text: str, plain: bool
    ) -> Iterator[RawRow | PlannedRows]:
        if not found:
            return
        planned = plan.read(found, plain=plain)
        if planned is not None:
            self._last = planned.numbers[-1]
            yield planned
            return
        # The slow way says which cell is wrong.
        for piece in text.split("</row>")[: len(found)]:
            yield from self._slowly(f"{piece}</row>")

    def _slowly(self, piece: str) -> Iterator[RawRow]:
        """One row, cell by cell."""
        row = _ROW.match(piece)
        if row is not None:
            begin = row.end()
            cells = _CELL.findall(piece, begin)
            if len(cells) == piece.count("<c", begin):
                self._last = int(row[1])
                yield RawRow(self._last, cells, False)
                return
        yield from self._alone(piece)

    def _alone(self, piece: str) -> Iterator[RawRow]:
        """Parse a few rows by themselves."""
        parser = _RowParser(self._last)
        parser.feed(f"{self._opening}{piece}</sheetData></worksheet>".encode())
        parser.close()
        for row in parser.taken():
            self._last = row.number
            yield row

    def _thorough(self, head: bytes, *, opening: str) -> Iterator[RawRow]:
        """Parse the rest of the part."""
        parser = _RowParser(self._last)
        if opening:
            parser.feed(opening.encode())
        parser.feed(head)
        yield from parser.taken()
        for chunk in self._chunks:
            parser.feed(chunk)
            yield from parser.taken()
        parser.close()
        yield from parser.taken()


class _RowParser:
    """Collects rows from any well-formed worksheet."""

    def __init__(self, last: int) -> None:
        self._rows: list[RawRow] = []
        self._number = last
        self._cells: list[RawCell] = []
        self._column = 0
        self._cell = ("", "", "")
        self._value = ""
        self._inline = ""
        self._text: list[str] | None = None
        self._in_inline = False
        self._phonetic = 0
        self._parser = xml.safe_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, content: bytes) -> None:
        self._parser.Parse(content, False)

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def taken(self) -> list[RawRow]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = xml.local(name)
        if name == "row":
            given = attributes.get("r", "")
            self._number = int(given) if given.isdigit() else self._number + 1
            self._cells, self._column = [], 0
        elif name == "c":
            letters = attributes.get("r", "").rstrip("0123456789").replace("$", "").upper()
            self._column = _column_number(letters) if letters else self._column + 1
            self._cell = (
                letters or column_letters(self._column),
                attributes.get("s", ""),
                attributes.get("t", ""),
            )
            self._value = self._inline = ""
        elif name == "v":
            self._text = []
        elif name == "is":
            self._in_inline = True
        elif name == "rPh":
            self._phonetic += 1
        elif name == "t" and self._in_inline and not self._phonetic:
            self._text = []

    def _end(self, name: str) -> None:
        name = xml.local(name)
        if name == "row":
            self._rows.append(RawRow(self._number, self._cells, True))
        elif name == "c":
            self._cells.append((*self._cell, self._value, self._inline))
        elif name == "v" and self._text is not None:
            self._value, self._text = "".join(self._text), None
        elif name == "is":
            self._in_inline = False
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "t" and self._in_inline and self._text is not None:
            self._inline, self._text = self._inline + "".join(self._text), None

    def _characters(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise SheetError(f"there is no column {letters!r}")
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """The letters of a column, counted from 1."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
