from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from connect_cli_ext.wizard.cells import clusters
from connect_cli_ext.wizard.field import Field
from connect_cli_ext.wizard.keys import Key, Press


def typed(*presses: Press, start: str = "") -> str:
    field = Field(start)
    for press in presses:
        assert field.press(press)
    return field.value


@pytest.mark.parametrize(
    ("presses", "result"),
    [
        (["x"], "one two threex"),
        ([Key.LEFT, Key.LEFT, "x"], "one two thrxee"),
        ([Key.HOME, "x", Key.RIGHT, "y"], "xoyne two three"),
        ([Key.CTRL_A, Key.DELETE, Key.CTRL_E, Key.BACKSPACE], "ne two thre"),
        ([Key.CUT_WORD], "one two"),
        ([Key.WORD_LEFT, Key.WORD_LEFT, Key.CUT_AFTER], "one"),
        ([Key.WORD_LEFT, Key.CUT_BEFORE], "three"),
        ([Key.HOME, Key.WORD_RIGHT, " and"], "one and two three"),
        ([Key.CUT_BEFORE, "日本", Key.LEFT, Key.BACKSPACE], "本"),
        ([Key.CUT_BEFORE, "e", "\u0301", Key.BACKSPACE], ""),
    ],
)
def test_the_keys_of_a_shell_edit_the_line(presses: list[Press], result: str) -> None:
    assert typed(*presses, start="one two three") == result


def test_keys_that_mean_nothing_here_are_left_to_others() -> None:
    for key in (Key.UP, Key.DOWN, Key.TAB, Key.ENTER, Key.ESCAPE, Key.CTRL_R):
        assert not Field("x").press(key)


def test_a_hidden_line_shows_signs_until_it_is_revealed() -> None:
    field = Field("秘密", hidden=True)
    assert field.section(10, "*").text == "**"
    assert field.press(Key.CTRL_R)
    assert field.section(10, "*").text == "秘密"
    assert field.press(Key.CTRL_R)
    assert field.section(10, "*").text == "**"


presses = st.lists(
    st.one_of(
        st.sampled_from([key for key in Key if key is not Key.INTERRUPT]),
        st.text("a b日é\u0301👍", min_size=1, max_size=4),
    ),
    max_size=20,
)


@given(presses, st.integers(2, 12))
def test_the_cursor_is_always_in_sight_and_what_is_shown_is_a_part_of_the_line(pressed: list[Press], room: int) -> None:
    field = Field("start")
    for press in pressed:
        field.press(press)
        section = field.section(room, "*")
        assert 0 <= section.cursor < room
        assert wcswidth(section.text) <= room
        assert section.text.strip() in field.value
        if not section.before and not section.after:
            assert section.text.strip() == field.value


class Model:
    """The same, in the most obvious way: a list of characters and a place in it."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.at = 0

    def press(self, press: Press) -> None:
        if isinstance(press, str):
            self.text[self.at : self.at] = list(press)
            self.at += len(press)
        elif press is Key.LEFT:
            self.at = max(0, self.at - 1)
        elif press is Key.RIGHT:
            self.at = min(len(self.text), self.at + 1)
        elif press is Key.HOME:
            self.at = 0
        elif press is Key.BACKSPACE and self.at:
            self.at -= 1
            del self.text[self.at]
        elif press is Key.DELETE:
            del self.text[self.at : self.at + 1]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([Key.LEFT, Key.RIGHT, Key.HOME, Key.BACKSPACE, Key.DELETE]),
            st.text("ab日", min_size=1, max_size=3),
        )
    )
)
def test_it_edits_as_the_obvious_model_does(pressed: list[Press]) -> None:
    field, model = Field(""), Model()
    for press in pressed:
        field.press(press)
        model.press(press)
        assert field.value == "".join(model.text)
        assert clusters(field.value) == model.text
