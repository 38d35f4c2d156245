"""The terminal library and the prompt library, started so that they do not question the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Console", "open_prompts", "open_terminal"]

# With the first the terminal library does not ask for abilities (the variable is that of a Windows console which cannot
# answer), with the second it does not ask for the terminal's name and version.
_NO_QUESTIONS = {"ConEmuANSI": "ON", "TERM_PROGRAM": "ccli"}


@dataclass(frozen=True)
class Console:
    """A terminal, and the prompts for it.

    Args:
        terminal: what the screen can do (a ``blessed.Terminal``).
        prompts: draws a question and returns its answer (an ``inquirer`` render).
        questions: the kinds of questions (the module ``inquirer.questions``).
    """

    terminal: Any
    prompts: Any
    questions: Any


def open_terminal() -> Any:
    """Import the terminal library and return what names the terminal's sequences (a ``blessed.Terminal``).

    With ``NO_COLOR`` the library would give up everything, also moving the cursor. Colours alone are meant, and
    leaving those out is up to who draws.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with _changed({**_NO_QUESTIONS, "NO_COLOR": ""}):
        from blessed import Terminal

        return Terminal()


def open_prompts() -> Console:
    """Import the prompt library and return it ready for use.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with _changed(_NO_QUESTIONS):
        from blessed import Terminal
        from inquirer import questions

        from connect_cli_ext.wizard.line import Render

        return Console(Terminal(), Render(), questions)


@contextmanager
def _changed(changes: dict[str, str]) -> Iterator[None]:
    """Change the environment while the libraries look at it.

    They question the terminal whenever a terminal object is made, also at import: a terminal that does not know the
    question shows it as rubbish, its answer is waited for several seconds, and what is typed meanwhile is lost.
    """
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update({name: value for name, value in changes.items() if not (value and before[name])})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
