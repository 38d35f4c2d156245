"""Keys: what a terminal sends when somebody presses them, turned into presses. No input or output here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

__all__ = ["Key", "KeyReader", "Press"]


class Key(Enum):
    """A key that is no character. Those with Control are named after what they do in a shell's line."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    WORD_LEFT = "word left"
    WORD_RIGHT = "word right"
    HOME = "home"
    END = "end"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    ENTER = "enter"
    TAB = "tab"
    BACK_TAB = "back tab"
    ESCAPE = "escape"
    BACKSPACE = "backspace"
    DELETE = "delete"
    CUT_BEFORE = "ctrl u"
    CUT_AFTER = "ctrl k"
    CUT_WORD = "ctrl w"
    CTRL_A = "ctrl a"
    CTRL_E = "ctrl e"
    CTRL_R = "ctrl r"
    REDRAW = "ctrl l"
    INTERRUPT = "ctrl c"
    HELP = "f1"


Press = Key | str
"""A key, or text that was typed or pasted."""

_CONTROLS: Final[Mapping[str, Key]] = {
    "\x01": Key.CTRL_A,
    "\x02": Key.LEFT,
    "\x03": Key.INTERRUPT,
    "\x05": Key.CTRL_E,
    "\x06": Key.RIGHT,
    "\x08": Key.BACKSPACE,
    "\t": Key.TAB,
    "\n": Key.ENTER,
    "\x0b": Key.CUT_AFTER,
    "\x0c": Key.REDRAW,
    "\r": Key.ENTER,
    "\x0e": Key.DOWN,
    "\x10": Key.UP,
    "\x12": Key.CTRL_R,
    "\x15": Key.CUT_BEFORE,
    "\x17": Key.CUT_WORD,
    "\x7f": Key.BACKSPACE,
}

# What follows ESC [ or ESC O: the last letter, or the number before a tilde.
_LETTERS: Final[Mapping[str, Key]] = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "F": Key.END,
    "H": Key.HOME,
    "M": Key.ENTER,
    "P": Key.HELP,
    "Z": Key.BACK_TAB,
}
_NUMBERS: Final[Mapping[str, Key]] = {
    "1": Key.HOME,
    "3": Key.DELETE,
    "4": Key.END,
    "5": Key.PAGE_UP,
    "6": Key.PAGE_DOWN,
    "7": Key.HOME,
    "8": Key.END,
    "11": Key.HELP,
}
_WITH_META: Final[Mapping[str, Key]] = {"b": Key.WORD_LEFT, "f": Key.WORD_RIGHT, "\x7f": Key.CUT_WORD}
_BY_WORDS: Final[Mapping[Key, Key]] = {Key.LEFT: Key.WORD_LEFT, Key.RIGHT: Key.WORD_RIGHT}

_SEQUENCE: Final = re.compile(
    r"\x1b(?:"
    r"\[\[(?P<console>[A-E])"  # function keys of the Linux console
    r"|\[(?P<numbers>[0-9;:<=>?]*)[ -/]*(?P<final>[@-Z\\-~])"
    r"|O(?P<application>[ -~])"
    r"|[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # a report of the terminal
    r"|(?P<meta>[^\[OPX\]^_\x1b])"
    r")",
    re.DOTALL,
)
_PASTE_START: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"
_MOST: Final = 1 << 16
_CTRL_MODIFIERS: Final = frozenset("3456789")


class KeyReader:
    """Takes what comes from the terminal, in pieces of any size, and gives the presses in it."""

    def __init__(self) -> None:
        self._rest = ""

    @property
    def is_open(self) -> bool:
        """Whether the end of what came may be the beginning of something longer, such as ESC alone."""
        return bool(self._rest)

    def feed(self, text: str) -> list[Press]:
        """Return the presses in ``text``; what may be incomplete is held back."""
        self._rest += text
        return list(self._presses())

    def flush(self) -> list[Press]:
        """Nothing follows: return what the rest means by itself."""
        rest, self._rest = self._rest, ""
        if rest == "\x1b":
            return [Key.ESCAPE]
        if rest.startswith(_PASTE_START):
            return list(_pasted(rest.removeprefix(_PASTE_START)))
        if rest.startswith("\x1b\x1b"):
            self._rest = rest[1:]
            return [Key.ESCAPE, *self.flush()]
        return []

    def _presses(self) -> Iterator[Press]:
        while self._rest:
            if self._rest[0] != "\x1b":
                yield from self._plain()
            elif self._rest.startswith(_PASTE_START):
                text, end, rest = self._rest.removeprefix(_PASTE_START).partition(_PASTE_END)
                if not end and len(text) < _MOST:
                    return
                self._rest = rest
                yield from _pasted(text)
            else:
                found = _SEQUENCE.match(self._rest)
                if found is None:
                    if self._rest.startswith("\x1b\x1b"):
                        self._rest = self._rest[1:]
                        yield Key.ESCAPE
                        continue
                    if len(self._rest) > _MOST:
                        self._rest = ""
                    return
                self._rest = self._rest[found.end() :]
                key = _key_of(found)
                if key is not None:
                    yield key

    def _plain(self) -> Iterator[Press]:
        end = self._rest.find("\x1b")
        text, self._rest = (self._rest, "") if end < 0 else (self._rest[:end], self._rest[end:])
        typed = ""
        for character in text.replace("\r\n", "\r"):
            if _is_text(character):
                typed += character
                continue
            if typed:
                yield typed
                typed = ""
            if character in _CONTROLS:
                yield _CONTROLS[character]
        if typed:
            yield typed


def _key_of(found: re.Match[str]) -> Key | None:
    if found["console"]:
        return Key.HELP if found["console"] == "A" else None
    if found["application"]:
        return _LETTERS.get(found["application"])
    if found["meta"]:
        return _WITH_META.get(found["meta"])
    if not found["final"]:
        return None
    number, _, modifier = (found["numbers"] or "").partition(";")
    if found["final"] == "~":
        key = _NUMBERS.get(number)
    elif found["final"] in "MP" and number != "1":
        key = None
    else:
        key = _LETTERS.get(found["final"])
    return _BY_WORDS.get(key, key) if key is not None and modifier in _CTRL_MODIFIERS else key


def _pasted(text: str) -> Iterator[Press]:
    """One line of it: what is pasted is an answer, and answers have one line."""
    line = " ".join(text.split("\n") if "\r" not in text else text.replace("\r\n", "\r").split("\r")).strip()
    clean = "".join(character for character in line if _is_text(character))
    if clean:
        yield clean


def _is_text(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
