"""The prompt library, started so that it does not question the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["Console", "open_console"]

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


def open_console() -> Console:
    """Import the prompt library and return it ready for use.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    with _unquestioned():
        from blessed import Terminal
        from inquirer import questions

        from connect_cli_ext.wizard.line import Render

        return Console(Terminal(), Render(), questions)


@contextmanager
def _unquestioned() -> Iterator[None]:
    """Keep the library from asking the terminal for its abilities.

    It asks whenever a terminal object is made, also at import: a terminal that does not know the question shows it as
    rubbish, its answer is waited for several seconds, and what is typed meanwhile is lost.
    """
    changed = {name: value for name, value in _NO_QUESTIONS.items() if not os.environ.get(name)}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name in changed:
            del os.environ[name]
