from __future__ import annotations

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connect_cli_ext.wizard.answers import STEP_OF, Draft
from connect_cli_ext.wizard.flow import Wizard, summary
from connect_cli_ext.wizard.step import Kind, Value
from connect_cli_ext.wizard.surroundings import KnownEvents, Served, Surroundings

EVERYTHING = Served(
    types=frozenset({"products", "hub", "multiaccount", "transformations"}),
    features=frozenset({"events", "anvil", "webapp", "tfnapp"}),
)


def new_wizard() -> Wizard:
    surroundings = Surroundings(
        Path("/nonexistent/folder"),
        KnownEvents(),
        server_address="api.example.com",
        api_key="ApiKey SU-1:very-secret",
        served=EVERYTHING,
    )
    return Wizard(Draft(surroundings))


class WalkAround(RuleBasedStateMachine):
    """Somebody who answers, goes on and goes back as they please."""

    def __init__(self) -> None:
        super().__init__()
        self.wizard = new_wizard()

    @rule(data=st.data())
    def answer_well_or_badly(self, data: st.DataObject) -> None:
        step = self.wizard.step
        value: Value = data.draw(st.sampled_from(["", "x", "class", "a b", "ENV-1", "y"]))
        if step.kind in {Kind.ONE, Kind.MANY}:
            offered = [choice.value for choice in step.choices(self.wizard.draft)]
            value = data.draw(st.sampled_from(offered))
            if step.kind is Kind.MANY:
                value = tuple(data.draw(st.lists(st.sampled_from(offered), unique=True)))
        self.wizard.answer(value)

    @rule()
    def go_on(self) -> None:
        before = self.wizard.number
        problem = self.wizard.next()
        if problem is None:
            assert self.wizard.number > before or self.wizard.is_last
        else:
            assert self.wizard.number == before

    @rule()
    def go_back(self) -> None:
        before, value = self.wizard.step, self.wizard.value
        self.wizard.back()
        assert self.wizard.draft.value(before) == value

    @precondition(lambda self: self.wizard.is_last)
    @rule()
    def create(self) -> None:
        answers = self.wizard.create()
        if answers is None:
            assert self.wizard.draft.problem(self.wizard.step)
        else:
            assert answers.project_slug
            assert bool(answers.background) == ("background" in answers.event_types)

    @invariant()
    def the_current_step_is_one_that_is_asked(self) -> None:
        assert self.wizard.step.applies(self.wizard.draft)

    @invariant()
    def the_summary_can_always_be_shown_and_hides_the_key(self) -> None:
        assert "very-secret" not in str(summary(self.wizard.draft))


TestWalkAround = WalkAround.TestCase
TestWalkAround.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)


def test_walking_through_with_defaults_asks_what_applies_and_finishes() -> None:
    wizard = new_wizard()
    seen = [wizard.number]
    while not wizard.is_last:
        assert wizard.next() is None
        seen.append(wizard.number)
    # Audience and pages are for other types of extensions.
    assert seen == [number for number in range(1, 23) if number not in {15, 18}]
    answers = wizard.create()
    assert answers is not None
    assert answers.project_slug == "my_awesome_project"


def test_an_empty_choice_is_refused_with_what_is_offered() -> None:
    wizard = new_wizard()
    wizard.go_to(STEP_OF["event_types"])
    wizard.answer(())
    assert wizard.next() == "choose at least one of: background, interactive, scheduled"
