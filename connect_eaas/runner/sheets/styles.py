"""Styles of cells: those of the input travel to the output as they are, new ones are added behind them.

A cell names its style by a number, the position in the list ``cellXfs`` of the part ``styles.xml``. As the output gets
a copy of that part, numbers stay valid, and keeping a style costs no more than copying a number.
"""

from __future__ import annotations

import copy
import importlib
import re
from typing import Any, Final, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from connect_eaas.runner.sheets import xml
from connect_eaas.runner.sheets.errors import SheetError

__all__ = ["CellStyle", "DateKind", "StyleBook"]

DateKind = Literal["date", "duration"]

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT: Final = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_BUILTIN: Final[dict[int, str]] = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "mm-dd-yy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mmss.0",
    48: "##0.0E+0",
    49: "@",
}
"""Number formats that files name without writing them down (ECMA-376 part 1, 18.8.30)."""
_LOCALE_DATES: Final = frozenset((*range(27, 37), *range(50, 59)))
_FIRST_CUSTOM: Final = 164
_LITERALS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DURATION: Final = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_DATE: Final = re.compile(r"[dmhys]", re.IGNORECASE)
# The order in which the parts of styles.xml and of a cell's format have to stand.
_LISTS: Final = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
_PARTS: Final = (("font", "fonts", "fontId"), ("fill", "fills", "fillId"), ("border", "borders", "borderId"))
_DEFAULT: Final = f"""<styleSheet xmlns="{_MAIN}">
<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""


class CellStyle:
    """The style of one cell, to be handed on to cells of the result.

    ``number_format`` is its text; ``font``, ``fill``, ``border``, ``alignment`` and ``protection`` are objects of
    openpyxl, made when asked for. ``with_number_format`` makes a variant.
    """

    __slots__ = ("_book", "index")

    def __init__(self, book: StyleBook, index: int) -> None:
        self._book = book
        self.index = index

    def __repr__(self) -> str:
        return f"CellStyle({self.index}, number_format={self.number_format!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellStyle) and (self._book, self.index) == (other._book, other.index)

    def __hash__(self) -> int:
        return hash((id(self._book), self.index))

    @property
    def number_format(self) -> str:
        """The number format, e.g. ``0.00``; ``General`` if there is none in particular."""
        return self._book.number_format(self.index)

    @property
    def font(self) -> Any:
        """``openpyxl.styles.Font``."""
        return self._book.openpyxl_part(self.index, "font")

    @property
    def fill(self) -> Any:
        """``openpyxl.styles.PatternFill`` or ``GradientFill``."""
        return self._book.openpyxl_part(self.index, "fill")

    @property
    def border(self) -> Any:
        """``openpyxl.styles.Border``."""
        return self._book.openpyxl_part(self.index, "border")

    @property
    def alignment(self) -> Any:
        """``openpyxl.styles.Alignment``."""
        return self._book.openpyxl_part(self.index, "alignment")

    @property
    def protection(self) -> Any:
        """``openpyxl.styles.Protection``."""
        return self._book.openpyxl_part(self.index, "protection")

    def with_number_format(self, number_format: str) -> CellStyle:
        """The same style with another number format."""
        return CellStyle(self._book, self._book.add_variant(self.index, number_format))


class StyleBook:
    """All styles of a workbook; grows while the result is written.

    Args:
        content: the part ``styles.xml``; None for a book with nothing but the default.

    Raises:
        SheetError: it is no style sheet.
    """

    def __init__(self, content: bytes | None = None) -> None:
        try:
            self._root = xml.parse(content if content is not None else _DEFAULT.encode())
        except SyntaxError as error:
            raise SheetError(f"the styles are no XML: {error}") from error
        _plain(self._root)
        if self._root.tag != "styleSheet":
            raise SheetError("the styles are no style sheet")
        if self._list("cellXfs", make=False) is None:
            _merge_defaults(self._root)
        self._formats = {
            int(item.get("numFmtId", "-1")): item.get("formatCode", "General")
            for item in self._root.iterfind("numFmts/numFmt")
        }
        self._xfs = self._must("cellXfs")
        self._variants: dict[tuple[int, str], int] = {}
        self._foreign: dict[object, int] = {}
        self._styles: dict[int, CellStyle] = {}

    def __len__(self) -> int:
        """How many styles there are."""
        return len(self._xfs)

    def style(self, index: int) -> CellStyle:
        """The style of this number; of one that does not exist, the default."""
        if not 0 <= index < len(self._xfs):
            index = 0
        found = self._styles.get(index)
        if found is None:
            found = self._styles[index] = CellStyle(self, index)
        return found

    def number_format(self, index: int) -> str:
        """The text of a style's number format."""
        number = _number(self._xfs[index].get("numFmtId"))
        return self._formats.get(number) or _BUILTIN.get(number, "General")

    def dates(self) -> dict[int, DateKind]:
        """The styles whose numbers are dates, times or durations."""
        found: dict[int, DateKind] = {}
        kinds: dict[int, DateKind | None] = {}
        for index, item in enumerate(self._xfs):
            number = _number(item.get("numFmtId"))
            if number not in kinds:
                kinds[number] = "date" if number in _LOCALE_DATES else _kind_of(self.number_format(index))
            kind = kinds[number]
            if kind is not None:
                found[index] = kind
        return found

    def index_of(self, style: object) -> int:
        """The number of a style that a method returned: one of ours, a named style of openpyxl, or None.

        Raises:
            SheetError: it is something else, or a style of another workbook.
        """
        if isinstance(style, CellStyle):
            if style._book is not self:
                raise SheetError("the style belongs to another workbook")
            return style.index
        if style is None:
            return 0
        known = self._foreign.get(id(style))
        if known is None:
            # Keeping the object keeps its id from being given to another one.
            known = self._foreign[id(style)] = self._add_foreign(style)
            self._foreign[style, "kept"] = known
        return known

    def add_variant(self, index: int, number_format: str) -> int:
        """The number of a style like ``index`` with this number format; made if there is none yet."""
        known = self._variants.get((index, number_format))
        if known is None:
            item = copy.deepcopy(self._xfs[index])
            item.set("numFmtId", str(self._format_id(number_format)))
            item.set("applyNumberFormat", "1")
            known = self._variants[index, number_format] = self._append(item)
        return known

    def openpyxl_part(self, index: int, name: str) -> Any:
        """A part of a style as openpyxl's object."""
        classes = _openpyxl_styles()
        item = self._xfs[index]
        if name in ("alignment", "protection"):
            found = item.find(name)
            return classes[name]() if found is None else classes[name].from_tree(_qualified(found))
        list_name, attribute = next((names, number) for part, names, number in _PARTS if part == name)
        entries = self._must(list_name)
        number = _number(item.get(attribute))
        if not 0 <= number < len(entries):
            return classes[name]()
        return classes[name].from_tree(_qualified(entries[number]))

    def serialize(self) -> bytes:
        """The part ``styles.xml``."""
        for name in _LISTS:
            entries = self._list(name, make=False)
            if entries is not None:
                entries.set("count", str(len(entries)))
        self._root.set("xmlns", _MAIN)
        content: bytes = tostring(self._root, encoding="UTF-8", xml_declaration=True)
        del self._root.attrib["xmlns"]
        return content

    def _format_id(self, number_format: str) -> int:
        for number, text in (*_BUILTIN.items(), *self._formats.items()):
            if text == number_format and self._formats.get(number, text) == number_format:
                return number
        number = max((_FIRST_CUSTOM - 1, *self._formats)) + 1
        self._formats[number] = number_format
        SubElement(self._must("numFmts"), "numFmt", {"numFmtId": str(number), "formatCode": number_format})
        return number

    def _append(self, item: Element) -> int:
        self._xfs.append(item)
        return len(self._xfs) - 1

    def _add_foreign(self, style: Any) -> int:
        if not all(callable(getattr(getattr(style, part, None), "to_tree", None)) for part, _, _ in _PARTS):
            raise SheetError(
                f"a style is what came in row_styles, or a NamedStyle of openpyxl; this is a {type(style).__name__}"
            )
        item = Element("xf", {"xfId": "0"})
        for name, list_name, attribute in _PARTS:
            part = getattr(style, name).to_tree(name)
            _plain(part)
            entries = self._must(list_name)
            entries.append(part)
            item.set(attribute, str(len(entries) - 1))
            item.set(f"apply{name.capitalize()}", "1")
        item.set("numFmtId", str(self._format_id(getattr(style, "number_format", None) or "General")))
        item.set("applyNumberFormat", "1")
        for name in ("alignment", "protection"):
            value = getattr(style, name, None)
            if value is not None:
                part = value.to_tree(name)
                _plain(part)
                item.append(part)
                item.set(f"apply{name.capitalize()}", "1")
        return self._append(item)

    def _must(self, name: str) -> Element:
        found = self._list(name, make=True)
        if found is None:
            raise SheetError(f"the styles have no {name}")
        return found

    def _list(self, name: str, *, make: bool) -> Element | None:
        found = self._root.find(name)
        if found is None and make:
            before = _LISTS[: _LISTS.index(name)]
            position = sum(1 for item in self._root if item.tag in before)
            found = Element(name)
            self._root.insert(position, found)
        return found


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0


def _kind_of(number_format: str) -> DateKind | None:
    first = _LITERALS.sub("", number_format.partition(";")[0])
    if first.strip().lower() == "general":
        return None
    if _DURATION.search(first):
        return "duration"
    return "date" if _DATE.search(first) else None


def _plain(element: Element) -> None:
    """Take namespaces off, and with them what other applications than the format's own left in there."""
    element.tag = xml.local_tag(element)
    for name in [name for name in element.attrib if "}" in name]:
        del element.attrib[name]
    for child in list(element):
        space = child.tag[1:].partition("}")[0] if child.tag.startswith("{") else _MAIN
        if space not in (_MAIN, _STRICT) or xml.local_tag(child) == "extLst":
            element.remove(child)
        else:
            _plain(child)


def _qualified(element: Element) -> Element:
    """openpyxl's classes read elements without their namespace too; they only must not be shared."""
    return copy.deepcopy(element)


def _merge_defaults(root: Element) -> None:
    default = xml.parse(_DEFAULT.encode())
    _plain(default)
    present = {child.tag for child in root}
    for child in default:
        if child.tag not in present:
            before = _LISTS[: _LISTS.index(child.tag)]
            root.insert(sum(1 for item in root if item.tag in before), child)


def _openpyxl_styles() -> dict[str, Any]:
    try:
        styles = importlib.import_module("openpyxl.styles")
        fills = importlib.import_module("openpyxl.styles.fills")
    except ImportError as error:
        from connect_eaas.errors import MissingExtraError

        raise MissingExtraError("transformations", "openpyxl", "Looking into a cell's style") from error
    return {
        "font": styles.Font,
        "fill": fills.Fill,
        "border": styles.Border,
        "alignment": styles.Alignment,
        "protection": styles.Protection,
    }
