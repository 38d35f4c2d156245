"""Moving through the steps: forward, back and to the end. No input or output here."""

from __future__ import annotations

from connect_cli_ext.wizard.answers import Answers, Draft, masked
from connect_cli_ext.wizard.step import Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["Wizard", "summary"]


class Wizard:
    """Where the dialogue is. Answers survive going back, and those that no longer apply are dropped.

    Args:
        draft: the answers, filled as the dialogue goes on.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._index = 0

    @property
    def step(self) -> Step:
        """The current step."""
        return STEPS[self._index]

    @property
    def number(self) -> int:
        """The current step's number, from 1. Steps that are not asked keep theirs."""
        return self._index + 1

    @property
    def is_first(self) -> bool:
        """Whether there is nothing to go back to."""
        return self._index == 0

    @property
    def is_last(self) -> bool:
        """Whether this is the summary."""
        return self._index == len(STEPS) - 1

    @property
    def value(self) -> Value:
        """The answer to the current step so far."""
        return self.draft.value(self.step)

    def answer(self, value: Value) -> None:
        """Take an answer to the current step; whether it will do is looked at when going on."""
        self.draft.put(self.step, value)

    def next(self) -> str | None:
        """Go on to the next step that is asked; at the last one stay.

        Returns:
            What is wrong with the answer, and then the step stays the same; None if nothing.
        """
        problem = self.draft.problem(self.step)
        if problem is not None:
            return problem
        self.draft.prune()
        self._move(1)
        return None

    def back(self) -> None:
        """Go back to the step before that is asked; at the first one stay. The answer is kept, good or bad."""
        self._move(-1)

    def go_to(self, step: Step) -> None:
        """Go to a certain step."""
        self._index = STEPS.index(step)

    def create(self) -> Answers | None:
        """Finish the answers. If one will not do, go to its step instead and return None."""
        wrong = self.draft.first_problem()
        if wrong is not None:
            self.go_to(wrong)
            return None
        return self.draft.finish()

    def _move(self, direction: int) -> None:
        index = self._index + direction
        while 0 <= index < len(STEPS):
            if STEPS[index].applies(self.draft):
                self._index = index
                return
            index += direction


def summary(draft: Draft) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every answer for people, by section; the API key masked."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for step in STEPS:
        if step.kind is Kind.PAGE or not step.applies(draft):
            continue
        title = step.label.partition(": ")[2]
        sections.setdefault(step.section, []).append((title, shown(draft, step)))
    return list(sections.items())


def shown(draft: Draft, step: Step) -> str:
    """Return the answer to ``step`` in words for people."""
    value = draft.value(step)
    if step.kind is Kind.HIDDEN:
        return masked(str(value)) or "(none)"
    if step.kind is Kind.TEXT:
        return str(value) or "(none)"
    labels = {choice.value: choice.label for choice in step.choices(draft)}
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(labels.get(item, item) for item in items) or "(none)"
