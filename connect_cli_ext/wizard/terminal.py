"""The wizard on a terminal: one screen for each step, its question, and then where to go."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from connect_cli_ext.errors import CommandError
from connect_cli_ext.wizard.answers import Answers
from connect_cli_ext.wizard.console import Console, open_console
from connect_cli_ext.wizard.flow import Wizard, shown, summary
from connect_cli_ext.wizard.step import Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["WizardCancelledError", "run_wizard"]

_SECTIONS: Final = tuple(dict.fromkeys(step.section for step in STEPS))

_MAX_WIDTH: Final = 100

_KEYS: Final = {
    Kind.TEXT: "Type the answer, then Enter.",
    Kind.HIDDEN: "Type the answer, then Enter. It is not shown.",
    Kind.ONE: "Up and Down move, Enter chooses.",
    Kind.MANY: "Up and Down move, Space ticks, Ctrl-A all, Ctrl-R none, Enter takes the ticked ones.",
}


class WizardCancelledError(CommandError):
    """The user pressed Cancel."""

    def __init__(self) -> None:
        super().__init__("cancelled; nothing was made")


def run_wizard(wizard: Wizard) -> Answers:
    """Ask until Create or Cancel.

    Raises:
        WizardCancelledError: Cancel was chosen.
        KeyboardInterrupt: Ctrl-C was pressed.
        ModuleNotFoundError: the prompt library is not installed.
    """
    console = open_console()
    with console.terminal.fullscreen():
        return _Screen(wizard, console).run()


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
        lines = [
            terminal.bold(f"Extension project bootstrap - {wizard.number} of {len(STEPS)}"),
            " > ".join(
                terminal.reverse(f" {section} ") if section == step.section else section for section in _SECTIONS
            ),
            "",
            terminal.bold(step.label),
            *textwrap.wrap(step.question, width),
        ]
        explanation = step.help(wizard.draft)
        if explanation:
            lines += [terminal.cyan(line) for line in textwrap.wrap(explanation, width)]
        if problem is not None:
            lines += [terminal.red(line) for line in textwrap.wrap(f"Not so: {problem}", width)]
        lines.append("")
        if wizard.is_last:
            lines += self._summary(width)
        elif asking:
            lines += textwrap.wrap(_KEYS[step.kind], width)
        elif step.kind is not Kind.PAGE:
            lines += textwrap.wrap(f"Answer: {shown(wizard.draft, step)}", width)
        terminal.stream.write(terminal.home + terminal.clear + "\n".join(lines) + "\n")
        terminal.stream.flush()

    def _summary(self, width: int) -> list[str]:
        lines: list[str] = []
        for section, rows in summary(self._wizard.draft):
            lines.append(self._terminal.bold(section))
            for title, answer in rows:
                lines += textwrap.wrap(f"  {title}: {answer}", width, subsequent_indent="    ")
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
