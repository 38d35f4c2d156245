"""A line that is being typed, with the keys that shells have taught everybody."""

from __future__ import annotations

from dataclasses import dataclass

from connect_cli_ext.wizard.cells import clusters, width
from connect_cli_ext.wizard.keys import Key, Press

__all__ = ["Field", "Section"]

_MOST = 4096


@dataclass(frozen=True)
class Section:
    """The part of a line that is shown.

    Args:
        text: what is shown.
        cursor: in which cell of it the cursor stands.
        before, after: whether there is more on that side.
    """

    text: str
    cursor: int
    before: bool
    after: bool


class Field:
    """One line of text and the place in it where typing goes on.

    Args:
        text: what it begins with; the cursor is at its end.
        hidden: show signs in place of the characters, until they are asked for.
        proposed: the text is a proposal: what is typed first takes its place, any other key goes on from it.
    """

    def __init__(self, text: str, *, hidden: bool = False, proposed: bool = False) -> None:
        self._characters = clusters(text)
        self._at = len(self._characters)
        self.hidden = hidden
        self.revealed = False
        self.proposed = proposed

    @property
    def value(self) -> str:
        """What was typed, without spaces around it."""
        return "".join(self._characters).strip()

    def press(self, press: Press) -> bool:
        """Take a key. Return whether it means something here."""
        proposed, self.proposed = self.proposed, False
        if isinstance(press, str):
            if proposed:
                self._characters, self._at = [], 0
            self._insert(press)
            return True
        if press is Key.CTRL_R and self.hidden:
            self.revealed = not self.revealed
            return True
        target = self._target(press)
        if target is not None:
            self._at = target
            return True
        removed = self._removed(press)
        if removed is None:
            return False
        del self._characters[slice(*removed)]
        self._at = removed[0]
        return True

    def section(self, room: int, mask: str) -> Section:
        """Return what is shown in ``room`` cells; ``mask`` stands for each hidden character."""
        shown = [mask] * len(self._characters) if self.hidden and not self.revealed else self._characters
        # The cursor needs a cell of its own at the end of the line.
        room = max(room - 1, 1)
        start = 0
        if width("".join(shown)) > room:
            used = 0
            start = self._at
            while start > 0 and used + width(shown[start - 1]) <= room:
                start -= 1
                used += width(shown[start])
        end, used = start, 0
        while end < len(shown) and used + width(shown[end]) <= room:
            used += width(shown[end])
            end += 1
        cursor = width("".join(shown[start : self._at]))
        return Section("".join(shown[start:end]), cursor, start > 0, end < len(shown))

    def _insert(self, text: str) -> None:
        before = "".join(self._characters[: self._at]) + text
        after = "".join(self._characters[self._at :])
        if len(before) + len(after) > _MOST:
            return
        self._characters = clusters(before + after)
        # What was typed may have joined its neighbours.
        self._at = min(len(clusters(before)), len(self._characters))

    def _target(self, key: Key) -> int | None:
        if key in {Key.HOME, Key.CTRL_A}:
            return 0
        if key in {Key.END, Key.CTRL_E}:
            return len(self._characters)
        if key is Key.LEFT:
            return max(self._at - 1, 0)
        if key is Key.RIGHT:
            return min(self._at + 1, len(self._characters))
        if key is Key.WORD_LEFT:
            return self._word_before()
        if key is Key.WORD_RIGHT:
            at = self._at
            while at < len(self._characters) and not self._in_word(at):
                at += 1
            while at < len(self._characters) and self._in_word(at):
                at += 1
            return at
        return None

    def _removed(self, key: Key) -> tuple[int, int] | None:
        if key is Key.BACKSPACE:
            return max(self._at - 1, 0), self._at
        if key is Key.DELETE:
            return self._at, self._at + 1
        if key is Key.CUT_BEFORE:
            return 0, self._at
        if key is Key.CUT_AFTER:
            return self._at, len(self._characters)
        if key is Key.CUT_WORD:
            return self._word_before(), self._at
        return None

    def _word_before(self) -> int:
        at = self._at
        while at > 0 and not self._in_word(at - 1):
            at -= 1
        while at > 0 and self._in_word(at - 1):
            at -= 1
        return at

    def _in_word(self, at: int) -> bool:
        return self._characters[at][0].isalnum()
