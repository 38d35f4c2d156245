"""The wizard on whatever terminal there is: full screen, prompts on a narrow one, plain lines on a dumb or low one."""

from __future__ import annotations

import os
import sys
from typing import Final, TypeVar

from connect_cli_ext.wizard.endings import ending_signals
from connect_cli_ext.wizard.flow import Wizard
from connect_cli_ext.wizard.making import Make

__all__ = ["run_wizard"]

T = TypeVar("T")

# The prompts draw thirteen options whatever the height, and the question above them.
_PROMPTS_FROM: Final = 18


def run_wizard(wizard: Wizard, make: Make[T]) -> T:
    """Ask until the project is made, or until the dialogue is left.

    Args:
        wizard: what is asked and answered.
        make: makes the project of the answers.

    Returns:
        What ``make`` returned.

    Raises:
        WizardCancelledError: the user left.
        KeyboardInterrupt: Ctrl-C was pressed.
        Ended: a signal asked to end.
        CommandError: the project cannot be made (in full screen that is shown instead, and the dialogue goes on).
        ModuleNotFoundError: the library that draws is not installed.
    """
    from connect_cli_ext.wizard.plain import run_plain

    if os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}:
        with ending_signals():
            return run_plain(wizard, make)
    from connect_cli_ext.wizard.console import open_prompts, open_terminal

    terminal = open_terminal()
    if sys.platform != "win32":
        from connect_cli_ext.wizard.fullscreen import is_possible, run_fullscreen

        if is_possible(terminal):
            return run_fullscreen(wizard, terminal, make)
    with ending_signals():
        if 0 < os.get_terminal_size(sys.stdout.fileno()).lines < _PROMPTS_FROM:
            return run_plain(wizard, make)
        from connect_cli_ext.wizard.prompts import run_prompts

        return run_prompts(wizard, open_prompts(), make)
