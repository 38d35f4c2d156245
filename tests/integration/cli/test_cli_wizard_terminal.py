from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from connect_stand_in import KEY, Platform
from wizard_screen import BACKSPACE, CTRL_A, CTRL_C, CTRL_R, DOWN, ENTER, HOME, LEFT, RIGHT, SPACE, WizardScreen

BOOTSTRAP = ("project", "extension", "bootstrap")
NEXT, BACK, CHANGE, CANCEL = ENTER, DOWN + ENTER, DOWN * 2 + ENTER, DOWN * 3 + ENTER

Start = Callable[..., WizardScreen]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture
def start(home: Path, target: Path) -> Iterator[Start]:
    screens: list[WizardScreen] = []

    def begin(*arguments: str, **terminal: Any) -> WizardScreen:
        screens.append(WizardScreen(*BOOTSTRAP, "-o", target, *arguments, home=home, **terminal))
        return screens[-1]

    yield begin
    for screen in screens:
        screen.kill()


def test_the_whole_wizard_with_detours(
    start: Start, target: Path, platform: Platform, ccli: Callable[..., Any]
) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    screen = start()
    assert "\n   Back" not in screen.wait_for("Extension project bootstrap - 1 of 22", "> Next", "Cancel")
    screen.send(NEXT)
    # The folder's name follows the project's, until somebody changes it.
    screen.answer(2, BACKSPACE * 40, "Cloud Sync")
    screen.send(NEXT)
    assert "Answer: cloud_sync" in screen.answer(3)
    screen.send(BACK)
    assert "Cloud Sync" in screen.question(2)
    screen.answer(2, " 2")
    screen.send(NEXT)
    assert "Answer: cloud_sync_2" in screen.answer(3)
    screen.send(CHANGE)
    screen.answer(3, BACKSPACE * 40, "no good!")
    screen.send(NEXT)
    screen.wait_for("3 of 22", "Not so: use letters, digits, '_' and '-' only")
    screen.answer(3, BACKSPACE * 40, "sync")
    screen.send(NEXT)
    screen.accept(4, 5, 6)
    assert "Answer: MIT" in screen.answer(7, DOWN)
    screen.send(NEXT)
    screen.answer(8, BACKSPACE * 40, "class")
    screen.send(NEXT)
    screen.wait_for("8 of 22", "Not so: 'class' is a keyword")
    screen.answer(8, BACKSPACE * 40, "sync_ext")
    screen.send(NEXT)
    assert "Answer: Yes" in screen.answer(9, DOWN)
    screen.send(NEXT)
    screen.accept(10)
    assert platform.url.removeprefix("http://") in screen.answer(11)
    screen.send(NEXT)
    assert "Answer: ApiKey SU-111-222-333:********" in screen.answer(12)
    screen.send(NEXT)
    screen.answer(13, "ENV-1234-5678-01")
    screen.send(NEXT)
    # A vendor's account: no hub integration.
    assert "Hub Integration" not in screen.question(14)
    screen.accept(14)
    assert "[X] Events Processing" in screen.question(16)
    screen.accept(16)
    screen.answer(17, DOWN * 2, SPACE)
    screen.send(NEXT)
    screen.answer(19, CTRL_R)
    screen.send(NEXT)
    screen.wait_for("19 of 22", "Not so: choose at least one of")
    screen.answer(19, SPACE)
    screen.send(BACK)
    # Nothing is lost on the way back and forth.
    assert "[ ] Scheduled" in screen.question(17)
    screen.accept(17)
    assert "Answer: Subscription: Purchase Request" in screen.answer(19)
    screen.send(NEXT)
    assert "Product: Custom Event Processing" in screen.answer(20, CTRL_A)
    screen.send(NEXT)
    screen.accept(21)
    # Everything is on one screen, also on a small terminal.
    screen.wait_for("22 of 22", "name: Cloud Sync 2", "API key: ApiKey SU-111-222-333:****", "> Create", "Cancel")
    screen.send(BACK)
    screen.answer(21, DOWN)
    screen.send(NEXT)
    screen.wait_for("22 of 22", "> Create")
    screen.send(ENTER)
    assert screen.end() == 0
    assert "The project is in" in screen.everything
    secret = KEY.partition(":")[2]
    assert secret not in screen.everything
    project = target / "sync"
    answers = json.loads((project / ".connect-extension.json").read_text())["answers"]
    assert answers["project_name"] == "Cloud Sync 2"
    assert answers["license"] == "MIT"
    assert answers["use_asyncio"] == "y"
    assert answers["event_types"] == ["background", "interactive"]
    assert answers["background"] == ["asset_purchase_request_processing"]
    assert answers["include_variables_example"] == "y"
    assert len(answers["interactive"]) > 3
    assert secret in (project / ".sync_dev.env").read_text()
    assert "async def" in (project / "sync_ext" / "extension.py").read_text()


def test_the_keys_of_a_shell_edit_the_line_and_no_control_character_gets_into_an_answer(start: Start) -> None:
    screen = start()
    screen.wait_for("1 of 22")
    screen.send(NEXT)
    assert "Answer: Über Größe 日本" in screen.answer(2, "\x15", "Über Größe x日本", LEFT * 2, BACKSPACE, "\x02\x14")
    screen.send(CHANGE)
    assert "Answer: A Sync B" in screen.answer(2, "\x17\x17\x17\x17", "Sync 1", "\x17", "\x01", "A ", "\x05", "B")
    screen.send(CHANGE)
    assert "Answer: A Sy\n" in screen.answer(2, HOME, RIGHT * 4, "\x0b", "\x1b[20~")


def test_the_summary_shows_every_section_and_hides_the_key(start: Start) -> None:
    screen = start("--answer", f"api_key={KEY}", rows=60, columns=120)
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21):
        screen.accept(number)
    text = screen.wait_for("22 of 22", "> Create")
    for shown in ("Project", "Config", "Extension", "Examples", "API key: ApiKey SU-111-222-333:********"):
        assert shown in text
    assert "Extension type: Fulfillment Automation" in text
    assert "not-to-be-seen" not in screen.everything


def test_given_answers_are_not_asked_again_the_wizard_opens_at_what_is_open(start: Start) -> None:
    screen = start("--answer", "project_name=Given", "--answer", "project_slug=given")
    assert "What does it do" in screen.question(4)
    screen.answer(4)
    screen.send(BACK)
    assert "given" in screen.question(3)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_cancel_makes_nothing(start: Start, target: Path, number: int) -> None:
    screen = start()
    screen.wait_for("1 of 22", "Cancel")
    if number == 1:
        screen.send(DOWN, ENTER)
    else:
        screen.send(NEXT)
        screen.accept(*range(2, number))
        screen.answer(number)
        screen.send(CANCEL)
    assert screen.end() == 1
    assert "cancelled; nothing was made" in screen.everything
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("where", ["page", "text", "choice", "way on"])
def test_ctrl_c_leaves_at_once_with_130(start: Start, target: Path, where: str) -> None:
    screen = start()
    screen.wait_for("1 of 22", "Cancel")
    if where != "page":
        screen.send(NEXT)
        screen.question(2)
    if where == "way on":
        screen.answer(2)
    if where == "choice":
        screen.accept(2, 3, 4, 5, 6)
        screen.question(7)
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert "Interrupted." in screen.everything
    assert "Traceback" not in screen.everything
    assert list(target.iterdir()) == []


def test_a_terminal_that_can_show_no_wizard_is_told_the_other_ways(start: Start, target: Path) -> None:
    screen = start(kind="dumb")
    assert screen.end() == 1
    assert "TERM=dumb" in screen.everything
    assert "--defaults" in screen.everything
    assert "\x1b[?1049h" not in screen.everything
    assert list(target.iterdir()) == []


def test_the_terminal_is_asked_no_questions(start: Start) -> None:
    """A terminal that cannot answer would show rubbish and hold the wizard up."""
    screen = start()
    screen.wait_for("1 of 22", "Cancel")
    for question in ("\x1bP+q", "\x1b[>q", "\x1b[6n", "\x1b[c"):
        assert question not in screen.everything


def test_a_key_that_is_asked_for_is_not_shown(home: Path, platform: Platform) -> None:
    screen = WizardScreen("account", "add", "-e", platform.endpoint, home=home)
    screen.wait_for("API key:")
    screen.send(KEY, ENTER)
    assert screen.end() == 0
    assert "Account VA-100-200 (Acme) added" in screen.everything
    assert "not-to-be-seen" not in screen.everything
