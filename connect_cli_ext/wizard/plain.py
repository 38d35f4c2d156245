"""The wizard as plain lines, for terminals that can do nothing but print: editors' shells, logs, screen readers."""

from __future__ import annotations

import getpass
import shutil
import textwrap
from collections.abc import Sequence
from typing import TypeVar

import click

from connect_cli_ext.wizard.answers import masked
from connect_cli_ext.wizard.flow import Wizard, shown, summary
from connect_cli_ext.wizard.making import Make, WizardCancelledError
from connect_cli_ext.wizard.step import Choice, Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["run_plain"]

T = TypeVar("T")

_BACK, _CANCEL, _EMPTY = ":back", ":cancel", ":empty"
_WELCOME = (
    "Most questions are answered already. Nothing is written before the last of them, and every answer can be changed "
    "until then."
)
_HOW = f"Enter alone keeps the answer in brackets; {_EMPTY} empties it, {_BACK} goes back, {_CANCEL} leaves."


def run_plain(wizard: Wizard, make: Make[T]) -> T:
    """Ask line by line until the project is made.

    Args:
        wizard: what is asked and answered.
        make: makes the project of the answers.

    Raises:
        WizardCancelledError: the user left.
        KeyboardInterrupt: Ctrl-C was pressed.
        CommandError: the project cannot be made.
    """
    while True:
        step = wizard.step
        _say_step(wizard, step)
        words = _read(wizard, step)
        if words == _CANCEL:
            raise WizardCancelledError
        if words == _BACK:
            wizard.back()
            continue
        problem = _take(wizard, step, words)
        if problem is None and wizard.is_last:
            answers = wizard.create()
            if answers is not None:
                return make(answers, lambda doing: click.echo(f"{doing} ..."))
        problem = problem or wizard.next()
        if problem is not None:
            _say(f"! {problem}")


def _say(text: str) -> None:
    """Print text in lines that fit the terminal; addresses and paths stay whole, so that they can be copied."""
    width = shutil.get_terminal_size().columns
    for line in text.splitlines():
        click.echo(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False))


def _say_step(wizard: Wizard, step: Step) -> None:
    click.echo()
    _say(f"Extension project bootstrap - {wizard.number} of {len(STEPS)}: {step.label}")
    _say(step.question)
    # The step's own words are about buttons, which are not here.
    explanation = _WELCOME if wizard.is_first else step.help(wizard.draft)
    if explanation:
        _say(explanation)
    if step.link:
        _say(f"See: {step.link}")
    if wizard.is_first:
        _say(_HOW)
    if wizard.is_last:
        for section, rows in summary(wizard.draft):
            click.echo(section)
            for item, answer in rows:
                click.echo(f"  {item.title}: {answer}")
    for number, choice in enumerate(_choices(wizard, step), start=1):
        value = wizard.value
        chosen = choice.value in value if isinstance(value, tuple) else choice.value == value
        term = f" ({choice.term})" if choice.term else ""
        click.echo(f"  {number}. {'*' if chosen else ' '} {choice.label}{term}")


def _choices(wizard: Wizard, step: Step) -> Sequence[Choice]:
    return step.choices(wizard.draft) if step.kind in {Kind.ONE, Kind.MANY} else ()


def _read(wizard: Wizard, step: Step) -> str:
    prompt = f"[{shown(wizard.draft, step)}] "
    if step.kind is Kind.MANY:
        prompt = "Numbers, separated by commas; 'all' [those with *] "
    elif step.kind is Kind.ONE:
        prompt = "Number [the one with *] "
    elif step.kind is Kind.PAGE:
        prompt = "Enter creates the project: " if wizard.is_last else "Enter goes on: "
    try:
        if step.kind is Kind.HIDDEN:
            return getpass.getpass(f"[{masked(str(wizard.value)) or '(none)'}] ").strip()
        return input(prompt).strip()
    except EOFError:
        raise WizardCancelledError from None


def _take(wizard: Wizard, step: Step, words: str) -> str | None:
    """Take what was typed as the answer. Return what is wrong with it."""
    if not words:
        return None
    if step.kind is Kind.PAGE:
        return f"press Enter alone, or type {_BACK} or {_CANCEL}"
    value: Value = "" if words == _EMPTY else words
    if step.kind in {Kind.ONE, Kind.MANY}:
        choices = _choices(wizard, step)
        everything = step.kind is Kind.MANY and words.casefold() == "all"
        numbers = [str(number + 1) for number in range(len(choices))] if everything else words.replace(",", " ").split()
        by_number = {str(number): choice.value for number, choice in enumerate(choices, start=1)}
        strange = [number for number in numbers if number not in by_number]
        if strange:
            return f"'{strange[0]}' is no number from 1 to {len(choices)}"
        values = tuple(by_number[number] for number in numbers)
        if step.kind is Kind.ONE and len(values) != 1:
            return "choose one number"
        value = values if step.kind is Kind.MANY else values[0]
    wizard.answer(value)
    return None
