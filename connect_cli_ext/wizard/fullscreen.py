"""The wizard in full screen: a loop of drawing what there is and taking what is pressed."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, TypeVar

from connect_cli_ext.errors import CommandError
from connect_cli_ext.wizard.dialogue import Dialogue, Outcome
from connect_cli_ext.wizard.flow import Wizard
from connect_cli_ext.wizard.keys import Key
from connect_cli_ext.wizard.layout import draw, draw_progress
from connect_cli_ext.wizard.making import Make, WizardCancelledError
from connect_cli_ext.wizard.stage import Stage

__all__ = ["is_possible", "run_fullscreen"]

T = TypeVar("T")

_LEAST_COLUMNS: Final = 60
_LEAST_ROWS: Final = 15
# What a terminal must be able to do, beside moving the cursor.
_NEEDED: Final = ("clear", "clear_eol", "home")


def is_possible(terminal: Any) -> bool:
    """Whether the terminal can show the wizard, and is large enough at the moment.

    Args:
        terminal: names the terminal's sequences (a ``blessed.Terminal``).
    """
    columns, rows = os.get_terminal_size(sys.__stdout__.fileno()) if sys.__stdout__ else (0, 0)
    # A terminal that does not tell its size is taken to be as large as they used to be.
    if columns and rows and (columns < _LEAST_COLUMNS or rows < _LEAST_ROWS):
        return False
    return bool(terminal.move_yx(0, 0)) and all(str(getattr(terminal, name)) for name in _NEEDED)


def run_fullscreen(wizard: Wizard, terminal: Any, make: Make[T]) -> T:
    """Ask until the project is made or the dialogue is left.

    A project that cannot be made is no end: the message is shown, and answers can be changed.

    Args:
        wizard: what is asked and answered.
        terminal: names the terminal's sequences (a ``blessed.Terminal``).
        make: makes the project of the answers.

    Raises:
        WizardCancelledError: Cancel was chosen.
        KeyboardInterrupt: Ctrl-C was pressed.
        Ended: a signal asked to end, or the terminal is gone.
    """
    stage = Stage(terminal, sys.stdin.fileno(), sys.stdout.fileno(), sys.stdout.encoding or "ascii")
    with stage.open():
        dialogue = Dialogue(wizard)
        while True:
            picture = draw(dialogue, *stage.size, stage.signs)
            dialogue.page = picture.page
            stage.show(picture)
            for press in stage.read():
                if press is Key.REDRAW:
                    stage.refresh()
                outcome = dialogue.press(press)
                if outcome is Outcome.CANCEL:
                    raise WizardCancelledError
                if outcome is Outcome.CREATE:
                    try:
                        return _created(wizard, stage, make)
                    except CommandError as error:
                        dialogue.fail(error.message)
                    break


def _created(wizard: Wizard, stage: Stage, make: Make[T]) -> T:
    answers = wizard.create()
    if answers is None:
        raise CommandError("an answer will not do any more; look through the steps")
    done: list[str] = []

    def progress(doing: str) -> None:
        stage.show(draw_progress(done, doing, *stage.size, stage.signs))
        done.append(doing)

    return make(answers, progress)
