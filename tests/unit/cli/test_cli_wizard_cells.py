from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from connect_cli_ext.wizard.cells import clusters, cut, pad, printable, width, wrap

FAMILY, FLAG, ACCENT = "👨‍👩‍👧", "🇩🇪", "e\u0301"
texts = st.text(
    st.one_of(st.sampled_from(["日", "é", "a", " ", "/", "\u0301", "👍", "🏽", "\u200d", "🇩"]), st.characters())
)


@pytest.mark.parametrize(("text", "cells"), [("", 0), ("abc", 3), ("日本", 4), ("Größe", 5), (ACCENT, 1), ("👍", 2)])
def test_widths_are_those_of_a_terminal(text: str, cells: int) -> None:
    assert width(text) == cells


@pytest.mark.parametrize("one", [FAMILY, FLAG, ACCENT, "👍🏽", "日", "a"])
def test_what_people_take_for_one_character_stays_together(one: str) -> None:
    assert clusters(f"x{one}{one}y") == ["x", one, one, "y"]


@given(texts)
def test_splitting_loses_nothing(text: str) -> None:
    assert "".join(clusters(text)) == text


@given(texts, st.integers(0, 20))
def test_what_is_cut_fits_and_what_is_padded_fills(text: str, room: int) -> None:
    shown = printable(text)
    assert wcswidth(cut(shown, room, "…")) <= room
    assert wcswidth(pad(shown, room)) == room


@given(texts, st.integers(2, 20))
def test_wrapped_lines_fit_and_have_all_the_words(text: str, room: int) -> None:
    shown = printable(text)
    lines = wrap(shown, room)
    assert all(wcswidth(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_an_address_is_divided_between_its_parts() -> None:
    assert wrap("https://example.com/one/two", 22, parts="/") == ["https://example.com/", "one/two"]
    assert wrap("one two", 3) == ["one", "two"]


def test_what_would_move_the_cursor_is_shown_as_a_sign() -> None:
    assert printable("a\x1b[2J\nb\u202e") == "a�[2J�b�"
