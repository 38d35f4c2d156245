"""XML parsing of files that strangers made: no document types, so no entities that grow without bound."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

from connect_eaas.runner.sheets.errors import SheetError

__all__ = ["local", "local_tag", "parse", "safe_parser"]


def safe_parser() -> expat.XMLParserType:
    """A parser that refuses document types.

    Its handlers are called with names as written, prefixes included; ``local`` takes those off.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def local_tag(element: Element) -> str:
    """The tag of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def parse(content: bytes) -> Element:
    """The tree of a small document.

    Raises:
        xml.etree.ElementTree.ParseError: it is not well-formed.
        SheetError: it has a document type.
    """
    from xml.etree.ElementTree import ParseError, TreeBuilder

    # The tree's own parser has no way to refuse a document type in time, so the safe one builds it.
    builder: TreeBuilder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, attributes: builder.start(
        _qualified(name), {_qualified(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: builder.end(_qualified(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ParseError(str(error)) from error
    return builder.close()


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def _refuse(*_: object) -> None:
    raise SheetError("the workbook contains a document type, which spreadsheets never do")
