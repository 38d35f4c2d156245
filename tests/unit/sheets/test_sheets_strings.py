"""Shared strings are read alike, however they are written and wherever the file's pieces end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.runner.sheets.errors import SheetError
from connect_eaas.runner.sheets.strings import SharedStrings, read_strings

OPENING = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<sst xmlns="urn:x" count="9">'
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
texts = st.one_of(texts, st.sampled_from(["", " kept ", "a < b & c", "two\nlines", "&amp;", "!", "<!", "_x", "]]>"]))


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, str]:
    """An entry and its text."""
    text = draw(texts.filter(lambda text: not re.search("_x[0-9A-Fa-f]{4}_", text)))
    form = draw(st.integers(0, 6))
    if form == 0:
        return (
            f'<si><r><rPr><b/></rPr><t>{escape(text)}</t></r><r><t xml:space="preserve"> end</t></r></si>',
            f"{text} end",
        )
    if form == 1:
        return f'<si><t>{escape(text)}</t><rPh sb="0" eb="1"><t>hint</t></rPh></si>', text
    if form == 2:
        return "<si><t/></si>", ""
    if form == 3:
        return "<si/>", ""
    if form == 4:
        return f'\n  <si><t xml:space="preserve">{escape(text)}_x000D_</t></si>', f"{text}\r"
    return f"<si><t>{escape(text)}</t></si>", text


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def read(content: str, size: int, *, in_memory: int = 1_000_000) -> list[str]:
    strings = SharedStrings(in_memory=in_memory)
    try:
        read_strings(pieces(content.encode(), size), strings)
        return [strings[index] for index in range(len(strings))]
    finally:
        strings.close()


@given(st.lists(entries(), max_size=12), st.integers(1, 300), st.sampled_from([100, 1_000_000]))
def test_all_texts_are_read_in_pieces_of_any_size(table: list[tuple[str, str]], size: int, in_memory: int) -> None:
    content = f"{OPENING}{''.join(entry for entry, _ in table)}</sst>"
    assert read(content, size, in_memory=in_memory) == [text for _, text in table]


@pytest.mark.parametrize(
    "content",
    [
        "<sst><si><t>a</t></si><!-- one --><si><t>b</t></si></sst>",
        "<sst><si><t>a</t></si><si><t><![CDATA[b]]></t></si></sst>",
        '<x:sst xmlns:x="urn:x"><x:si><x:t>a</x:t></x:si><x:si><x:t>b</x:t></x:si></x:sst>',
        "<sst><extLst/><si><t>a</t></si><si><t>b</t></si></sst>",
    ],
    ids=["comment", "cdata", "prefixes", "other-elements"],
)
@pytest.mark.parametrize("size", [7, 1000])
def test_unusual_tables_are_read_too(content: str, size: int) -> None:
    assert read(content, size) == ["a", "b"]


@pytest.mark.parametrize(
    "content",
    [
        "<sst><si><t>a</t></si>",
        "<sst><si><t>a</t></si></wrong>",
        "<sst><si><t>a</t></si></si><si><t>b</t></si></sst>",
        "<sst><si><t>a</r></si></sst>",
        "",
    ],
    ids=["cut", "other-end", "between", "inside", "empty"],
)
def test_damaged_tables_are_told(content: str) -> None:
    with pytest.raises(SheetError, match="shared strings are no XML"):
        read(content, 1000)


def test_another_encoding_than_claimed_is_told() -> None:
    with pytest.raises(SheetError, match="not in the encoding"):
        read_strings([OPENING.encode(), b"<si><t>\xff</t></si></sst>"], SharedStrings())


def test_a_claimed_encoding_is_respected() -> None:
    strings = SharedStrings()
    content = "<?xml version='1.0' encoding='iso-8859-1'?><sst><si><t>é</t></si></sst>"
    read_strings([content.encode("iso-8859-1")], strings)
    assert [strings[0], len(strings)] == ["é", 1]
