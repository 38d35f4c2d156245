from __future__ import annotations

import io
from typing import Any

import pyte
import pytest
from blessed import Terminal
from hypothesis import given, settings
from hypothesis import strategies as st
from wizard_parts import new_dialogue

from connect_cli_ext.wizard.dialogue import Dialogue
from connect_cli_ext.wizard.keys import Key, Press
from connect_cli_ext.wizard.layout import draw
from connect_cli_ext.wizard.painter import Painter, signs_for
from connect_cli_ext.wizard.picture import ASCII_SIGNS, UNICODE_SIGNS, Picture

TERMINAL = Terminal(kind="xterm-256color", stream=io.StringIO(), force_styling=True)


@pytest.fixture
def terminal() -> Any:
    return TERMINAL


class Screen:
    """A terminal that understands what is sent to it."""

    def __init__(self, terminal: Any, *, colors: bool = True) -> None:
        self.display = pyte.Screen(80, 24)
        self._stream = pyte.Stream(self.display)
        self.painter = Painter(terminal, colors=colors, encoding="utf-8")

    def show(self, dialogue: Dialogue) -> tuple[Picture, str]:
        picture = draw(dialogue, 80, 24, UNICODE_SIGNS)
        sent = self.painter.paint(picture)
        self._stream.feed(sent)
        return picture, sent

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.display.display)


@given(presses=st.lists(st.sampled_from([*Key, "x", " ", "é", "purch"]).filter(lambda key: key is not Key.INTERRUPT)))
@settings(max_examples=30)
def test_sending_only_what_has_changed_gives_the_same_screen(presses: list[Press]) -> None:
    screen, dialogue = Screen(TERMINAL), new_dialogue("background")
    for press in [None, *presses]:
        if press is not None:
            dialogue.press(press)
        picture, _sent = screen.show(dialogue)
        assert screen.text == picture.text
        assert (screen.display.cursor.y, screen.display.cursor.x) == picture.cursor
        assert screen.display.cursor.hidden != picture.typing


@pytest.mark.parametrize(
    ("at", "press", "lines"),
    [
        ("project_name", "x", 1),
        ("project_name", Key.LEFT, 1),
        ("license", Key.DOWN, 2),
        ("background", Key.DOWN, 3),
        ("background", " ", 2),
        ("license", Key.TAB, 3),
    ],
)
def test_a_key_sends_few_lines(terminal: Any, at: str, press: Press, lines: int) -> None:
    """A whole screen for every key would be seen as flicker, and over a slow line as waiting."""
    screen, dialogue = Screen(terminal), new_dialogue(at)
    _, everything = screen.show(dialogue)
    assert everything.count("\x1b[K") == 24
    dialogue.press(press)
    _, sent = screen.show(dialogue)
    assert sent.count("\x1b[K") == lines
    assert len(sent) < len(everything) / 4


def test_nothing_is_sent_if_nothing_has_changed_and_everything_if_it_was_forgotten(terminal: Any) -> None:
    screen, dialogue = Screen(terminal), new_dialogue("license")
    _, first = screen.show(dialogue)
    assert screen.show(dialogue)[1] == ""
    screen.painter.forget()
    assert screen.show(dialogue)[1] == first


def test_without_colours_the_differences_are_still_there(terminal: Any) -> None:
    import re

    screen = Screen(terminal, colors=False)
    _, sent = screen.show(new_dialogue("background"))
    assert not re.search(r"\x1b\[(?:\d+;)*(?:3|4)\d(?:;\d+)*m", sent)
    row = next(at for at, line in enumerate(screen.text.split("\n")) if "> 19." in line)
    assert screen.display.buffer[row][0].reverse
    assert screen.display.buffer[0][0].reverse
    plain, colored = Screen(terminal, colors=False), Screen(terminal)
    plain.show(new_dialogue("api_key"))
    _, with_colors = colored.show(new_dialogue("api_key"))
    assert re.search(r"\x1b\[36m", with_colors)
    assert plain.text == colored.text


def test_a_terminal_that_does_not_know_a_character_gets_another(terminal: Any) -> None:
    assert signs_for("utf-8") is UNICODE_SIGNS
    assert signs_for("ascii") is signs_for("no such thing") is signs_for(None) is ASCII_SIGNS
    painter = Painter(terminal, colors=False, encoding="latin-1")
    dialogue = new_dialogue("project_name", project_name="Größe 日本")
    assert "Größe ??" in painter.paint(draw(dialogue, 80, 24, ASCII_SIGNS))
