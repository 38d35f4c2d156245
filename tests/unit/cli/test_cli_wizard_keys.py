from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.wizard.keys import Key, KeyReader, Press

SENT: dict[str, Press] = {
    "\x1b[A": Key.UP,
    "\x1bOB": Key.DOWN,
    "\x1b[1;5C": Key.WORD_RIGHT,
    "\x1bb": Key.WORD_LEFT,
    "\x1b[Z": Key.BACK_TAB,
    "\x1b[5~": Key.PAGE_UP,
    "\x1b[6~": Key.PAGE_DOWN,
    "\x1b[1~": Key.HOME,
    "\x1bOF": Key.END,
    "\x1b[3~": Key.DELETE,
    "\x1bOP": Key.HELP,
    "\x1b[11~": Key.HELP,
    "\x1b[[A": Key.HELP,
    "\r": Key.ENTER,
    "\t": Key.TAB,
    "\x7f": Key.BACKSPACE,
    "\x17": Key.CUT_WORD,
    "\x03": Key.INTERRUPT,
    "\x1b[200~two\r\nlines\x1b[201~": "two lines",
}


@pytest.mark.parametrize(("sent", "pressed"), SENT.items())
def test_what_terminals_send_is_understood(sent: str, pressed: Press) -> None:
    reader = KeyReader()
    assert reader.feed(sent) == [pressed]
    assert not reader.is_open


@pytest.mark.parametrize(
    "sent", ["\x1b[20~", "\x1b[1;2S", "\x1b]0;title\x07", "\x1bP>|xterm\x1b\\", "\x1b[?1;2c", "\x1bz"]
)
def test_what_is_no_key_of_ours_is_passed_over(sent: str) -> None:
    reader = KeyReader()
    assert reader.feed(f"a{sent}b") in (["a", "b"], ["ab"])


def test_escape_alone_is_known_when_nothing_follows() -> None:
    reader = KeyReader()
    assert reader.feed("\x1b") == []
    assert reader.is_open
    assert reader.flush() == [Key.ESCAPE]
    assert not reader.is_open
    assert reader.feed("\x1b") + reader.feed("[A") == [Key.UP]
    assert reader.feed("\x1b\x1b") + reader.flush() == [Key.ESCAPE, Key.ESCAPE]


def test_a_paste_never_presses_enter_and_has_no_control_characters() -> None:
    reader = KeyReader()
    assert reader.feed("\x1b[200~\nApiKey SU-1:x\x01y\n\n\x1b[201~\r") == ["ApiKey SU-1:xy", Key.ENTER]


def joined(presses: list[Press]) -> list[Press]:
    """Typed text in one piece, however it was divided."""
    found: list[Press] = []
    for press in presses:
        if isinstance(press, str) and found and isinstance(found[-1], str):
            found[-1] += press
        else:
            found.append(press)
    return found


pieces = st.lists(st.one_of(st.sampled_from(list(SENT)), st.text("ab 日é", min_size=1, max_size=3)), max_size=12)


@given(pieces, st.data())
def test_it_does_not_matter_in_which_pieces_it_comes(sent: list[str], data: st.DataObject) -> None:
    whole = "".join(sent)
    expected = joined([SENT.get(piece, piece) for piece in sent])
    reader, found = KeyReader(), []
    rest = whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        found += reader.feed(rest[:size])
        rest = rest[size:]
    assert joined(found) == expected


@given(st.lists(st.text(), max_size=5))
def test_nothing_that_comes_breaks_it_and_no_control_character_is_typed(texts: list[str]) -> None:
    reader = KeyReader()
    presses = [press for text in texts for press in reader.feed(text)] + reader.flush()
    assert not {character for press in presses if isinstance(press, str) for character in press} & set(
        "\x00\x07\x1b\n\r\t"
    )
    assert not reader.is_open
