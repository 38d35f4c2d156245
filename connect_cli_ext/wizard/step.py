"""What a step of the wizard is: a question with its kind, choices, default, check and condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from connect_cli_ext.wizard.surroundings import Surroundings

__all__ = ["Check", "Choice", "Kind", "Step", "Value", "View"]

Value = str | tuple[str, ...]


class Kind(Enum):
    """How a step is answered."""

    PAGE = "page"
    TEXT = "text"
    HIDDEN = "hidden"
    ONE = "one"
    MANY = "many"


class View(Protocol):
    """The answers so far, as a step sees them. Answers of steps that are not asked are empty."""

    @property
    def surroundings(self) -> Surroundings:
        """What was known before the first question."""

    def text(self, name: str) -> str:
        """The answer to a question with one value."""

    def items(self, name: str) -> tuple[str, ...]:
        """The answer to a question with several values."""


@dataclass(frozen=True)
class Choice:
    """One value to choose, and how it is shown.

    Args:
        value: the value.
        label: how it is called for people.
        term: what authors know it by, for choices whose label does not say that; told of the one under the cursor.
    """

    value: str
    label: str
    term: str = ""


Check = Callable[[Value, View], str | None]


def _accept(_value: Value, _view: View) -> str | None:
    return None


def _always(_view: View) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        section: the part of the dialogue it belongs to.
        label: its name in the list of steps.
        question: what it asks.
        kind: how it is answered.
        name: key of its answer; empty for pages that ask nothing.
        help: an explanation below the question.
        link: where more is written about it; empty if nowhere.
        default: the answer that is presumed.
        choices: what can be chosen, for ``Kind.ONE`` and ``Kind.MANY``.
        why_not: why a value that there is otherwise is not among the choices; empty if there is nothing to say.
        check: what is wrong with an answer, beyond what kind and choices tell; None if nothing.
        applies: whether it is asked, given the answers before it.
        offers_events: whether what it offers depends on the platform's event types.
    """

    section: str
    label: str
    question: str
    kind: Kind
    name: str = ""
    help: Callable[[View], str] = lambda _view: ""
    link: str = ""
    default: Callable[[View], Value] = lambda _view: ""
    choices: Callable[[View], tuple[Choice, ...]] = lambda _view: ()
    why_not: Callable[[str, View], str] = lambda _value, _view: ""
    check: Check = _accept
    applies: Callable[[View], bool] = _always
    offers_events: bool = False

    @property
    def title(self) -> str:
        """Its name without the part of the dialogue."""
        return self.label.partition(": ")[2] or self.label

    def problem(self, value: Value, view: View) -> str | None:
        """Return what is wrong with ``value`` as the answer to this step, None if nothing."""
        if self.kind is Kind.PAGE:
            return None
        if self.kind in {Kind.ONE, Kind.MANY}:
            offered = [choice.value for choice in self.choices(view)]
            given = value if isinstance(value, tuple) else (value,)
            if not given:
                return f"choose at least one of: {', '.join(offered)}"
            strange = [item for item in given if item not in offered]
            if strange:
                named = ", ".join(f"'{item}'" for item in strange)
                verb = "are" if len(strange) > 1 else "is"
                expected = f"{named} {verb} not offered here; expected: {', '.join(offered)}"
                reason = self.why_not(strange[0], view)
                return f"{expected}. {reason}" if reason else expected
        return self.check(value, view)
