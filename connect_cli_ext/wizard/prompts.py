"""The wizard as prompts, for terminals too small for more: each step has its question, and then where to go."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeVar

from connect_cli_ext.wizard.answers import Answers
from connect_cli_ext.wizard.console import Console
from connect_cli_ext.wizard.flow import Wizard, shown, summary
from connect_cli_ext.wizard.making import Make, WizardCancelledError
from connect_cli_ext.wizard.step import Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["run_prompts"]

T = TypeVar("T")

_SECTIONS: Final = tuple(dict.fromkeys(step.section for step in STEPS))

_MAX_WIDTH: Final = 100

_USUAL_HEIGHT: Final = 24
_MOST_OPTIONS: Final = 13
_BUTTONS: Final = 4
_LONG_ANSWER: Final = 80

_KEYS: Final = {
    Kind.TEXT: "Type the answer, then Enter (Ctrl-U empties the line).",
    Kind.HIDDEN: "Type the answer, then Enter (Ctrl-U empties the line). It is not shown.",
    Kind.ONE: "Up and Down move, Enter chooses.",
    Kind.MANY: "Up and Down move, Space ticks (Ctrl-A all, Ctrl-R none), Enter goes on.",
}


class _Worth(IntEnum):
    """How soon a line is left out on a small terminal."""

    AIR = 0
    ORIENTATION = 1
    HELP = 2
    NEEDED = 3


@dataclass(frozen=True)
class _Line:
    text: str
    worth: _Worth = _Worth.NEEDED


def _fitted(lines: Sequence[_Line], room: int) -> list[_Line]:
    """Leave out lines, those of least worth first and from below, until the others fit into ``room``."""
    kept = list(lines)
    for worth in (_Worth.AIR, _Worth.ORIENTATION, _Worth.HELP):
        for line in reversed([line for line in kept if line.worth is worth]):
            if len(kept) <= room:
                return kept
            index = max(position for position, other in enumerate(kept) if other is line)
            del kept[index]
    return kept


def run_prompts(wizard: Wizard, console: Console, make: Make[T]) -> T:
    """Ask until Create or Cancel, then make the project.

    Args:
        wizard: what is asked and answered.
        console: the terminal and the prompts for it.
        make: makes the project of the answers.

    Raises:
        WizardCancelledError: Cancel was chosen.
        KeyboardInterrupt: Ctrl-C was pressed.
        CommandError: the project cannot be made.
    """
    with console.terminal.fullscreen():
        answers = _Screen(wizard, console).run()
    return make(answers, lambda _doing: None)


class _Screen:
    def __init__(self, wizard: Wizard, console: Console) -> None:
        self._wizard = wizard
        self._terminal = console.terminal
        self._prompts = console.prompts
        self._questions = console.questions

    def run(self) -> Answers:
        problem: str | None = None
        while True:
            if self._wizard.step.kind is not Kind.PAGE:
                self._draw(problem, asking=True)
                self._wizard.answer(self._ask(self._wizard.step))
            self._draw(None, asking=False)
            chosen = self._navigate()
            if chosen == "cancel":
                raise WizardCancelledError
            problem = None
            if chosen == "back":
                self._wizard.back()
            elif chosen == "change":
                continue
            elif chosen == "create":
                answers = self._wizard.create()
                if answers is not None:
                    return answers
                problem = self._wizard.draft.problem(self._wizard.step)
            else:
                problem = self._wizard.next()

    def _draw(self, problem: str | None, *, asking: bool) -> None:
        wizard, terminal = self._wizard, self._terminal
        step = wizard.step
        width = min(terminal.width or _MAX_WIDTH, _MAX_WIDTH) - 1
        steps = " > ".join(
            terminal.reverse(f" {section} ") if section == step.section else section for section in _SECTIONS
        )
        lines = [
            _Line(terminal.bold(f"Extension project bootstrap - {wizard.number} of {len(STEPS)}")),
            *([_Line(steps, _Worth.ORIENTATION)] if len(" > ".join(_SECTIONS)) + 2 <= width else []),
            _Line("", _Worth.AIR),
            _Line(terminal.bold(step.label)),
            *(_Line(line) for line in textwrap.wrap(step.question, width)),
        ]
        lines += [_Line(terminal.cyan(line), _Worth.HELP) for line in textwrap.wrap(step.help(wizard.draft), width)]
        if problem is not None:
            wrapped = textwrap.wrap(f"Not so: {problem}", width, max_lines=2, placeholder=" …")
            lines += [_Line(terminal.red(line)) for line in wrapped]
        lines.append(_Line("", _Worth.AIR))
        options = len(step.choices(wizard.draft)) if asking else _BUTTONS
        # Below come the prompt's line, its options (the library shows so many at most) and the cursor's line.
        room = (terminal.height or _USUAL_HEIGHT) - min(options, _MOST_OPTIONS) - 2
        if wizard.is_last:
            lines += [_Line(line) for line in self._summary(width, room - len(lines))]
        elif asking:
            lines += [_Line(line) for line in textwrap.wrap(_KEYS[step.kind], width)]
        elif step.kind is not Kind.PAGE:
            answer = f"Answer: {shown(wizard.draft, step)}"
            lines += [_Line(line) for line in textwrap.wrap(answer, width, max_lines=4, placeholder=" …")]
        drawn = "\n".join(line.text for line in _fitted(lines, room))
        terminal.stream.write(terminal.home + terminal.clear + drawn + "\n")
        terminal.stream.flush()

    def _summary(self, width: int, room: int) -> list[str]:
        bold = self._terminal.bold
        sections = summary(self._wizard.draft)
        lines: list[str] = []
        for section, rows in sections:
            lines.append(bold(section))
            for step, answer in rows:
                lines += textwrap.wrap(f"  {step.title}: {answer}", width, subsequent_indent="    ")
        if len(lines) <= room:
            return lines
        lines = []
        for section, rows in sections:
            text = f"{section}  " + "; ".join(
                f"{step.title}: {textwrap.shorten(answer, _LONG_ANSWER, placeholder=' …')}" for step, answer in rows
            )
            first, *others = textwrap.wrap(text, width, subsequent_indent="  ")
            lines += [bold(section) + first.removeprefix(section), *others]
        return lines

    def _ask(self, step: Step) -> Value:
        value = self._wizard.value
        if step.kind in {Kind.ONE, Kind.MANY}:
            choices = [(choice.label, choice.value) for choice in step.choices(self._wizard.draft)]
            if step.kind is Kind.ONE:
                return str(self._prompt(self._questions.List(step.name, "Answer", choices, default=lambda _: value)))
            ticked = list(value) if isinstance(value, tuple) else [value]
            found: Sequence[Any] = self._prompt(
                self._questions.Checkbox(step.name, "Answer", choices, default=lambda _: ticked)
            )
            return tuple(str(item) for item in found)
        make = self._questions.Password if step.kind is Kind.HIDDEN else self._questions.Text
        return str(self._prompt(make(step.name, message="Answer", default=lambda _: value))).strip()

    def _navigate(self) -> str:
        buttons = [("Create", "create") if self._wizard.is_last else ("Next", "next")]
        if not self._wizard.is_first:
            buttons.append(("Back", "back"))
        if self._wizard.step.kind is not Kind.PAGE:
            buttons.append(("Change the answer", "change"))
        buttons.append(("Cancel", "cancel"))
        return str(self._prompt(self._questions.List("navigation", "Go on", buttons)))

    def _prompt(self, question: Any) -> Any:
        return self._prompts.render(question)
