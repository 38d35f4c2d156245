"""Moving through the steps: forward, back and to the end. No input or output here."""

from __future__ import annotations

from connect_cli_ext.wizard.answers import Answers, Draft, masked
from connect_cli_ext.wizard.step import Kind, Step, Value
from connect_cli_ext.wizard.steps import STEPS

__all__ = ["Wizard", "shown", "summary"]


class Wizard:
    """Where the dialogue is. Answers survive going back, and those that no longer apply are dropped.

    Args:
        draft: the answers, filled as the dialogue goes on.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._index = 0
        self._passed: dict[str, Value] = {}
        # After a jump from the summary: going on leads back there, past what is answered already.
        self._returning = False

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

    @property
    def is_returning(self) -> bool:
        """Whether going on leads back to the summary."""
        return self._returning

    def is_passed(self, step: Step) -> bool:
        """Whether this step was gone through already, is still asked, and has the answer that it had then."""
        return step.applies(self.draft) and self._passed.get(step.label) == self.draft.value(step)

    def passed(self) -> dict[str, Value]:
        """Return what is answered: by going on from a step, or by giving another answer than the one presumed."""
        found = {step.name: self.draft.value(step) for step in STEPS if step.name and self.is_passed(step)}
        return {**self.draft.given, **found}

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
        self._pass(self.step)
        self.draft.prune()
        if self._returning:
            self._arrive(next((index for index in range(len(STEPS)) if self._is_open(index)), len(STEPS) - 1))
        else:
            self._move(1)
        return None

    def back(self) -> None:
        """Go back to the step before that is asked; at the first one stay. The answer is kept, good or bad."""
        self._returning = False
        self._move(-1)

    def go_to(self, step: Step) -> None:
        """Go to a certain step, past those before it."""
        index = STEPS.index(step)
        for other in STEPS[:index]:
            if self.draft.problem(other) is None:
                self._pass(other)
        self._arrive(index)

    def jump(self, step: Step) -> None:
        """Go from the summary to a certain step; `next` comes back, unless a step in between has become open."""
        self.go_to(step)
        self._returning = not self.is_last

    def create(self) -> Answers | None:
        """Finish the answers. If one will not do, go to its step instead and return None."""
        wrong = self.draft.first_problem()
        if wrong is not None:
            self.jump(wrong)
            return None
        return self.draft.finish()

    def _pass(self, step: Step) -> None:
        self._passed[step.label] = self.draft.value(step)

    def _is_open(self, index: int) -> bool:
        step = STEPS[index]
        if not step.applies(self.draft) or index == len(STEPS) - 1:
            return False
        return not self.is_passed(step) or self.draft.problem(step) is not None

    def _move(self, direction: int) -> None:
        index = self._index + direction
        while 0 <= index < len(STEPS):
            if STEPS[index].applies(self.draft):
                self._arrive(index)
                return
            index += direction

    def _arrive(self, index: int) -> None:
        self._index = index
        self._returning = self._returning and index < len(STEPS) - 1
        if STEPS[index].offers_events:
            # What is offered must not change while somebody chooses.
            self.draft.surroundings.events.settle(wait=False)


def summary(draft: Draft) -> list[tuple[str, list[tuple[Step, str]]]]:
    """Return every answer for people, by section; the API key masked."""
    sections: dict[str, list[tuple[Step, str]]] = {}
    for step in STEPS:
        if step.kind is not Kind.PAGE and step.applies(draft):
            sections.setdefault(step.section, []).append((step, shown(draft, step)))
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
