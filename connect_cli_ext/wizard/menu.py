"""A list to choose from: one of its options, or several."""

from __future__ import annotations

from collections.abc import Sequence

from connect_cli_ext.wizard.keys import Key, Press
from connect_cli_ext.wizard.step import Choice, Value

__all__ = ["Menu", "moved"]

_LONG = 10


class Menu:
    """Options, a cursor among them, and what is chosen.

    With one to choose, the option under the cursor is the chosen one. In a long list typing narrows it down to the
    options with the typed words in them; in a short one a letter goes to the next option that begins with it.

    Args:
        options: what can be chosen.
        value: what is chosen at first.
        many: whether several can be.
    """

    def __init__(self, options: Sequence[Choice], value: Value, *, many: bool) -> None:
        self.options = tuple(options)
        self.many = many
        self.filter = ""
        self._ticked = set(value) if isinstance(value, tuple) else {value}
        self.cursor = next((at for at, option in enumerate(options) if option.value in self._ticked), 0)
        if many:
            self.cursor = 0

    @property
    def is_long(self) -> bool:
        """Whether typing filters."""
        return self.many and len(self.options) > _LONG

    @property
    def value(self) -> Value:
        """What is chosen, in the order in which it is offered."""
        chosen = tuple(option.value for option in self.options if option.value in self._ticked)
        return chosen if self.many else "".join(chosen[:1])

    @property
    def shown(self) -> tuple[Choice, ...]:
        """The options that the filter leaves."""
        words = self.filter.casefold().split()
        if not words:
            return self.options
        return tuple(
            option
            for option in self.options
            if all(word in f"{option.label} {option.value}".casefold() for word in words)
        )

    @property
    def current(self) -> Choice | None:
        """The option under the cursor; None if the filter leaves none."""
        shown = self.shown
        return shown[self.cursor] if shown else None

    def is_chosen(self, option: Choice) -> bool:
        """Whether ``option`` is one of the chosen ones."""
        return option.value in self._ticked

    def press(self, press: Press, page: int) -> bool:
        """Take a key; ``page`` is the number of options that are seen at once. Return whether it means something."""
        if isinstance(press, str):
            return self._type(press)
        if press is Key.BACKSPACE and self.filter:
            self._narrow(self.filter[:-1])
            return True
        if press in {Key.ESCAPE, Key.CUT_BEFORE} and self.filter:
            self._narrow("")
            return True
        if press is Key.CTRL_A and self.many:
            self.choose_all()
            return True
        if press is Key.CTRL_R and self.many:
            self.choose_none()
            return True
        target = moved(press, self.cursor, len(self.shown), page)
        if target is None:
            return False
        self._go(target)
        return True

    def choose_all(self) -> None:
        """Choose every option that is shown."""
        self._ticked |= {option.value for option in self.shown}

    def choose_none(self) -> None:
        """Choose none of the options that are shown."""
        self._ticked -= {option.value for option in self.shown}

    def _type(self, text: str) -> bool:
        known = False
        for character in text:
            if character == " ":
                self._toggle()
            elif self.is_long and (character.isalnum() or character in "_:-"):
                self._narrow(self.filter + character)
            elif character.isalnum():
                self._seek(character)
            else:
                continue
            known = True
        return known

    def _toggle(self) -> None:
        if self.many and self.shown:
            self._ticked ^= {self.shown[self.cursor].value}
        elif self.options:
            self._go(self.cursor)

    def _narrow(self, words: str) -> None:
        before = self.shown[self.cursor].value if self.shown else ""
        self.filter = words
        values = [option.value for option in self.shown]
        self.cursor = values.index(before) if before in values else 0

    def _seek(self, letter: str) -> None:
        count = len(self.options)
        for step in range(1, count + 1):
            at = (self.cursor + step) % count
            if self.options[at].label.casefold().startswith(letter.casefold()):
                self._go(at)
                return

    def _go(self, at: int) -> None:
        self.cursor = at
        if not self.many and self.options:
            self._ticked = {self.options[at].value}


def moved(press: Press, at: int, count: int, page: int) -> int | None:
    """Return where a key moves the cursor of a list to, None if it is no key for moving."""
    steps = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -max(page - 1, 1), Key.PAGE_DOWN: max(page - 1, 1)}
    last = max(count - 1, 0)
    if press is Key.HOME:
        return 0
    if press is Key.END:
        return last
    if not isinstance(press, Key) or press not in steps:
        return None
    return min(max(at + steps[press], 0), last)
