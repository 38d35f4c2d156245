from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from wcwidth import wcswidth
from wizard_parts import SECRET, new_dialogue

from connect_cli_ext.wizard.answers import STEP_OF
from connect_cli_ext.wizard.dialogue import Button, Dialogue, Mode, Outcome, Review
from connect_cli_ext.wizard.field import Field
from connect_cli_ext.wizard.keys import Key, Press
from connect_cli_ext.wizard.layout import draw
from connect_cli_ext.wizard.menu import Menu
from connect_cli_ext.wizard.picture import ASCII_SIGNS, UNICODE_SIGNS, Picture


def press(dialogue: Dialogue, *presses: Press) -> Outcome | None:
    outcome = None
    for item in presses:
        outcome = dialogue.press(item)
    return outcome


def go_on(dialogue: Dialogue, times: int) -> None:
    press(dialogue, *[Key.ENTER] * times)


def screen(dialogue: Dialogue, columns: int = 80, rows: int = 24) -> Picture:
    return draw(dialogue, columns, rows, UNICODE_SIGNS)


def to_summary(**answers: Any) -> Dialogue:
    dialogue = new_dialogue(**answers)
    while not dialogue.wizard.is_last:
        before = dialogue.wizard.number
        press(dialogue, Key.ENTER)
        assert dialogue.wizard.number > before, dialogue.problem
    return dialogue


class AnyKeys(RuleBasedStateMachine):
    """Somebody, or a cat, on the keyboard of a terminal whose size changes."""

    @initialize(
        at=st.sampled_from([step.name for step in STEP_OF.values()]),
        kind=st.sampled_from(["products", "hub", "multiaccount", "transformations"]),
    )
    def start(self, at: str, kind: str) -> None:
        self.dialogue = new_dialogue(at, extension_type=kind)
        self.columns, self.rows = 80, 24
        self.revealed = False

    @rule(
        presses=st.lists(
            st.one_of(
                st.sampled_from([key for key in Key if key is not Key.INTERRUPT]),
                st.sampled_from([" ", "y", "n", "?", "日本", "e\u0301", "purch", "x"]),
            ),
            min_size=1,
            max_size=8,
        )
    )
    def press_keys(self, presses: list[Press]) -> None:
        for item in presses:
            self.revealed = self.revealed or item is Key.CTRL_R
            outcome = self.dialogue.press(item)
            if outcome is Outcome.CREATE:
                assert self.dialogue.wizard.is_last
                assert self.dialogue.wizard.create() is not None

    @rule()
    def go_on(self) -> None:
        self.dialogue.press(Key.ENTER)

    @rule(columns=st.integers(1, 130), rows=st.integers(1, 45))
    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows

    @invariant()
    def there_is_a_screen_that_fits(self) -> None:
        if not hasattr(self, "dialogue"):
            return
        picture = draw(self.dialogue, self.columns, self.rows, ASCII_SIGNS)
        self.dialogue.page = picture.page
        assert len(picture.lines) == self.rows
        assert all(wcswidth(line) <= self.columns for line in picture.text.split("\n"))
        assert all(wcswidth(span.text) >= 0 for line in picture.lines for span in line)
        row, column = picture.cursor
        assert 0 <= row < self.rows
        assert 0 <= column < self.columns
        assert picture.page >= 1

    @invariant()
    def the_key_is_seen_only_by_who_asks_for_it(self) -> None:
        if hasattr(self, "dialogue") and not self.revealed:
            assert SECRET not in screen(self.dialogue).text

    @invariant()
    def what_has_the_focus_is_there(self) -> None:
        if not hasattr(self, "dialogue"):
            return
        dialogue = self.dialogue
        if dialogue.focus is None:
            assert dialogue.control is not None
        elif dialogue.mode is Mode.ASKING:
            assert dialogue.focus in (*dialogue.buttons, *dialogue.list_buttons)


TestAnyKeys = AnyKeys.TestCase
TestAnyKeys.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_tab_goes_around_the_control_and_the_buttons_in_both_directions() -> None:
    dialogue = new_dialogue("application_types")
    # As they are read: two buttons above the list, three below it.
    order = [None, Button.NEXT, Button.BACK, Button.CANCEL, Button.ALL, Button.NONE]
    seen = []
    for _ in range(len(order)):
        seen.append(dialogue.focus)
        press(dialogue, Key.TAB)
    assert seen == order
    press(dialogue, Key.BACK_TAB)
    assert dialogue.focus is Button.NONE
    press(dialogue, Key.BACK_TAB, Key.BACK_TAB)
    assert dialogue.focus is Button.CANCEL
    press(dialogue, Key.LEFT, Key.LEFT)
    assert dialogue.focus is Button.NEXT
    press(dialogue, "b")
    assert dialogue.focus is Button.BACK
    press(dialogue, Key.UP)
    assert dialogue.focus is None


def test_the_first_step_has_no_back_and_the_last_one_creates() -> None:
    dialogue = new_dialogue()
    assert dialogue.buttons == (Button.NEXT, Button.CANCEL)
    assert to_summary().buttons == (Button.CREATE, Button.BACK, Button.CANCEL)


def test_enter_goes_on_and_back_keeps_the_answer() -> None:
    dialogue = new_dialogue("project_name")
    press(dialogue, Key.CUT_BEFORE, "Cloud Sync", Key.ENTER)
    assert isinstance(dialogue.control, Field)
    assert (dialogue.step.name, dialogue.control.value) == ("project_slug", "cloud_sync")
    press(dialogue, "!", Key.ENTER)
    assert dialogue.step.name == "project_slug"
    assert "use letters, digits" in (dialogue.problem or "")
    press(dialogue, Key.TAB, Key.RIGHT, Key.ENTER)
    assert (dialogue.step.name, dialogue.control.value) == ("project_name", "Cloud Sync")


def test_escape_asks_first_and_no_is_presumed() -> None:
    dialogue = new_dialogue("author")
    press(dialogue, Key.ESCAPE)
    assert "Leave the wizard?" in screen(dialogue, 100).text
    assert press(dialogue, Key.ENTER) is None
    assert dialogue.mode is Mode.ASKING
    assert press(dialogue, Key.ESCAPE, Key.ESCAPE) is None
    assert press(dialogue, Key.ESCAPE, "y") is Outcome.CANCEL
    assert press(new_dialogue("author"), Key.ESCAPE, Key.LEFT, Key.ENTER) is Outcome.CANCEL
    assert press(new_dialogue("author"), Key.BACK_TAB, Key.ENTER) is Outcome.CANCEL
    with pytest.raises(KeyboardInterrupt):
        press(dialogue, Key.INTERRUPT)


def test_help_is_a_key_away_and_a_question_mark_is_an_answer() -> None:
    dialogue = new_dialogue("description")
    press(dialogue, Key.END, "?")
    assert dialogue.mode is Mode.ASKING
    assert dialogue.wizard.value == "Project description?"
    press(dialogue, Key.HELP)
    assert "Shift-Tab" in screen(dialogue).text
    press(dialogue, "x")
    assert dialogue.wizard.value == "Project description?"
    menu = new_dialogue("license")
    press(menu, "?")
    assert menu.mode is Mode.HELPING


def test_what_is_typed_takes_the_place_of_a_proposal_and_is_added_to_an_answer() -> None:
    dialogue = new_dialogue("project_name")
    press(dialogue, *"Sync")
    assert dialogue.wizard.value == "Sync"
    press(dialogue, Key.ENTER, Key.TAB, Key.TAB, Key.ENTER)
    assert dialogue.step.name == "project_name"
    press(dialogue, *"hronizer")
    assert dialogue.wizard.value == "Synchronizer"
    changed = new_dialogue("project_name")
    press(changed, Key.BACKSPACE, *"ion")
    assert changed.wizard.value == "My Awesome Projecion"


def test_what_is_typed_is_checked_at_once() -> None:
    dialogue = new_dialogue("package_name")
    press(dialogue, Key.CUT_BEFORE, "clas")
    assert "!" not in screen(dialogue).text
    press(dialogue, "s")
    assert "! 'class' is a keyword of Python" in screen(dialogue, 120).text
    press(dialogue, "y")
    assert "! " not in screen(dialogue).text


def test_the_key_is_hidden_and_can_be_revealed_until_the_step_is_left() -> None:
    dialogue = new_dialogue("api_key")
    assert SECRET not in screen(dialogue).text
    press(dialogue, Key.CTRL_R)
    assert SECRET in screen(dialogue).text
    press(dialogue, Key.ENTER, Key.TAB, Key.RIGHT, Key.ENTER)
    assert dialogue.step.name == "api_key"
    assert SECRET not in screen(dialogue).text


def test_a_long_list_is_filtered_by_typing() -> None:
    dialogue = new_dialogue("background")
    menu = dialogue.control
    assert isinstance(menu, Menu)
    press(dialogue, Key.CTRL_R, *"renew")
    assert [option.value for option in menu.shown] == ["asset_renew_request_processing"]
    press(dialogue, " ")
    assert dialogue.wizard.value == ("asset_renew_request_processing",)
    press(dialogue, *"zz")
    assert "Nothing matches" in screen(dialogue).text
    press(dialogue, Key.ESCAPE)
    assert (menu.filter, dialogue.mode) == ("", Mode.ASKING)
    assert len(menu.shown) == len(menu.options)
    press(dialogue, *"tier", Key.BACK_TAB, Key.LEFT, Key.ENTER)
    assert set(menu.value) > {"asset_renew_request_processing", "tier_config_setup_request_processing"}
    assert "asset_purchase_request_processing" not in menu.value


def test_in_a_short_list_a_letter_goes_to_the_option() -> None:
    dialogue = new_dialogue("license")
    press(dialogue, "m")
    assert dialogue.wizard.value == "MIT"
    press(dialogue, Key.END)
    assert dialogue.wizard.value == "BSD"


def test_all_and_none_and_an_empty_choice_is_refused() -> None:
    dialogue = new_dialogue("event_types")
    press(dialogue, Key.BACK_TAB, Key.ENTER)
    assert dialogue.wizard.value == ()
    assert "choose at least one" in (dialogue.problem or "")
    press(dialogue, Key.TAB, Key.TAB, Key.ENTER)
    assert dialogue.step.name == "event_types"
    press(dialogue, Key.BACK_TAB, Key.BACK_TAB, Key.ENTER)
    assert dialogue.wizard.value == ("background", "interactive", "scheduled")


def jump_to(dialogue: Dialogue, name: str) -> None:
    review = dialogue.control
    assert isinstance(review, Review)
    press(dialogue, Key.HOME)
    while review.step.name != name:
        press(dialogue, Key.DOWN)
    press(dialogue, Key.ENTER)
    assert dialogue.step.name == name


def test_from_the_summary_any_step_is_reached_and_next_comes_back() -> None:
    dialogue = to_summary()
    jump_to(dialogue, "author")
    press(dialogue, Key.CUT_BEFORE, "Me", Key.ENTER)
    assert dialogue.wizard.is_last
    assert "author: Me" in screen(dialogue).text


def test_coming_back_passes_by_what_a_changed_answer_has_opened() -> None:
    dialogue = to_summary()
    jump_to(dialogue, "extension_type")
    press(dialogue, Key.END)
    assert dialogue.wizard.value == "transformations"
    seen = []
    while not dialogue.wizard.is_last:
        seen.append(dialogue.step.name)
        press(dialogue, Key.ENTER)
    assert seen == ["extension_type", "extension_audience", "application_types", "webapp_supports_ui"]


def test_going_back_ends_the_way_to_the_summary() -> None:
    dialogue = to_summary()
    jump_to(dialogue, "license")
    press(dialogue, Key.TAB, Key.RIGHT, Key.ENTER, Key.ENTER)
    assert dialogue.step.name == "license"
    press(dialogue, Key.ENTER)
    assert dialogue.step.name == "package_name"


def test_create_goes_to_an_answer_that_will_not_do() -> None:
    dialogue = to_summary()
    dialogue.wizard.draft.put(STEP_OF["version"], "one")
    assert press(dialogue, Key.ENTER) is None
    assert dialogue.step.name == "version"
    assert "Must be a version" in screen(dialogue, 120).text
    press(dialogue, Key.CUT_BEFORE, "1.0", Key.ENTER)
    assert press(dialogue, Key.ENTER) is Outcome.CREATE


def test_a_project_that_cannot_be_made_is_told_and_the_dialogue_goes_on() -> None:
    dialogue = to_summary()
    assert press(dialogue, Key.ENTER) is Outcome.CREATE
    dialogue.fail("/home/me/projects: nothing can be written there: read-only file system")
    assert "read-only file" in screen(dialogue, 120).text
    jump_to(dialogue, "author")
    assert dialogue.problem is None


def test_a_given_answer_that_is_not_offered_is_told_and_can_be_replaced() -> None:
    dialogue = new_dialogue("license", license="GPL")
    assert "'GPL' is not offered here" in screen(dialogue, 120).text
    press(dialogue, Key.ENTER)
    assert dialogue.step.name == "license"
    press(dialogue, " ", Key.ENTER)
    assert dialogue.step.name == "package_name"
    assert dialogue.wizard.draft.text("license") == "Apache Software License 2.0"


def test_the_list_of_steps_tells_what_is_done_what_is_wrong_and_what_is_not_asked() -> None:
    dialogue = new_dialogue("extension_type")
    dialogue.wizard.draft.put(STEP_OF["version"], "one")
    lines = screen(dialogue, 120, 40).text.split("\n")
    marks = {line[1:6]: line for line in lines}
    assert marks["✓  4."].startswith(" ✓  4. Project: description")
    assert marks["> 14."]
    assert marks["- 15."]
    assert marks["  16."]


def test_without_unicode_there_are_other_signs() -> None:
    text = draw(new_dialogue("api_key"), 80, 24, ASCII_SIGNS).text
    assert text.isascii()
    assert "+ 11. Config: API hostname" in text
