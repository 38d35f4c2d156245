"""The wizard where there is no full screen: prompts on a narrow terminal, plain lines on a low or dumb one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from connect_stand_in import KEY
from wizard_screen import (
    BACKSPACE,
    CTRL_A,
    CTRL_C,
    CTRL_R,
    CTRL_U,
    DOWN,
    ENTER,
    HOME,
    LEFT,
    RIGHT,
    SPACE,
    WizardScreen,
)

BOOTSTRAP = ("project", "extension", "bootstrap")
NEXT, BACK, CHANGE, CANCEL = ENTER, DOWN + ENTER, DOWN * 2 + ENTER, DOWN * 3 + ENTER
SECRET = KEY.partition(":")[2]

Start = Callable[..., WizardScreen]


@pytest.fixture
def start(home: Path, target: Path) -> Iterator[Start]:
    screens: list[WizardScreen] = []

    def begin(*arguments: str, rows: int = 24, columns: int = 59, **terminal: Any) -> WizardScreen:
        size = {"rows": rows, "columns": columns}
        screens.append(WizardScreen(*BOOTSTRAP, "-o", target, *arguments, home=home, pause_s=0.05, **size, **terminal))
        return screens[-1]

    yield begin
    for screen in screens:
        screen.kill()


def accept(screen: WizardScreen, *numbers: int) -> None:
    for number in numbers:
        screen.answer(number)
        screen.send(NEXT)


def answers_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / ".connect-extension.json").read_text())["answers"]
    return found


def test_prompts_on_a_narrow_terminal_make_a_project_too(start: Start, target: Path) -> None:
    screen = start("--answer", f"api_key={KEY}")
    screen.answer(2, CTRL_U, "Cloud Sync")
    screen.send(NEXT)
    assert "Answer: cloud_sync" in screen.answer(3)
    screen.send(BACK)
    assert "Cloud Sync" in screen.question(2)
    screen.answer(2, " 2")
    screen.send(NEXT)
    screen.answer(3, CTRL_U, "no good!")
    screen.send(NEXT)
    screen.wait_for("3 of 22", "Not so: use letters, digits, '_' and '-' only")
    screen.answer(3, CTRL_U, "sync")
    screen.send(NEXT)
    accept(screen, 4, 5, 6)
    assert "Answer: MIT" in screen.answer(7, DOWN)
    screen.send(NEXT)
    accept(screen, 8, 9, 10, 11, 12, 13, 14, 16)
    screen.answer(17, DOWN, DOWN, SPACE)
    screen.send(NEXT)
    assert "Subscription: Purchase Request" in screen.answer(19, CTRL_R, SPACE)
    screen.send(NEXT)
    screen.answer(20, CTRL_A)
    screen.send(NEXT)
    accept(screen, 21)
    screen.wait_for("22 of 22", "> Create", "Cancel")
    screen.send(ENTER)
    assert screen.end() == 0
    assert screen.ended_well
    assert SECRET not in screen.everything
    answers = answers_of(target / "sync")
    assert answers["project_name"] == "Cloud Sync 2"
    assert answers["license"] == "MIT"
    assert answers["event_types"] == ["background", "interactive"]
    assert answers["background"] == ["asset_purchase_request_processing"]
    assert len(answers["interactive"]) == 8


def test_the_keys_of_a_shell_edit_the_line_and_no_control_character_gets_into_an_answer(start: Start) -> None:
    screen = start()
    screen.wait_for("1 of 22")
    screen.send(NEXT)
    assert "Answer: Über Größe 日本" in screen.answer(2, "\x15", "Über Größe x日本", LEFT * 2, BACKSPACE, "\x02\x14")
    screen.send(CHANGE)
    assert "Answer: A Sync B" in screen.answer(2, "\x17\x17\x17\x17", "Sync 1", "\x17", "\x01", "A ", "\x05", "B")
    screen.send(CHANGE)
    assert "Answer: A Sy\n" in screen.answer(2, HOME, RIGHT * 4, "\x0b", "\x1b[20~")


def test_prompts_are_left_with_cancel_and_ctrl_c(start: Start, home: Path, target: Path) -> None:
    screen = start()
    screen.wait_for("1 of 22", "Cancel")
    screen.send(NEXT)
    screen.answer(2, CTRL_U, "Half Done")
    screen.send(CANCEL)
    assert screen.end() == 1
    assert screen.ended_well
    kept = home / ".ccli" / "bootstrap" / "half_done.json"
    assert json.loads(kept.read_text()) == {"project_name": "Half Done"}
    again = start()
    again.wait_for("1 of 22", "Cancel")
    again.send(CTRL_C)
    assert again.end() == 130
    assert again.ended_well
    assert "Interrupted." in again.everything
    assert list(target.iterdir()) == []


def test_a_dumb_terminal_is_asked_line_by_line(start: Start, target: Path) -> None:
    screen = start("--answer", f"api_key={KEY}", kind="dumb", rows=60)
    screen.wait_for("2 of 22: Project: name", "[My Awesome Project]")
    screen.send("Cloud Sync", ENTER)
    screen.wait_for("3 of 22: Project: root", "[cloud_sync]")
    screen.send("no good!", ENTER)
    screen.wait_for("! use letters, digits")
    screen.send(":back", ENTER)
    screen.wait_for("[Cloud Sync]")
    screen.send(ENTER, "sync", ENTER)
    screen.wait_for("4 of 22: Project: description")
    screen.send(ENTER, ENTER, ENTER)
    screen.wait_for("7 of 22", "1. * Apache", "2.   MIT")
    screen.send("9", ENTER)
    screen.wait_for("! '9' is no number from 1 to 3")
    screen.send("2", ENTER)
    screen.wait_for("8 of 22")
    screen.send(ENTER, ENTER, ENTER, ENTER)
    screen.wait_for("12 of 22: Config: API key", "[ApiKey SU-111-222-333:********]")
    screen.send(ENTER)
    screen.wait_for("13 of 22")
    screen.send(ENTER, ENTER, ENTER)
    screen.wait_for("17 of 22", "3. * Scheduled")
    screen.send("1, 3", ENTER)
    screen.wait_for("19 of 22", "16. ")
    screen.send("all", ENTER)
    screen.wait_for("21 of 22")
    screen.send(ENTER)
    screen.wait_for("22 of 22: Summary", "name: Cloud Sync", "Enter creates")
    screen.send(ENTER)
    assert screen.end() == 0
    assert "\x1b" not in screen.everything
    assert SECRET not in screen.everything
    answers = answers_of(target / "sync")
    assert answers["license"] == "MIT"
    assert answers["event_types"] == ["background", "scheduled"]
    assert len(answers["background"]) == 16


def test_a_low_terminal_is_asked_line_by_line(start: Start) -> None:
    screen = start(rows=8, columns=100)
    screen.wait_for("Enter goes on:")
    screen.send(ENTER)
    screen.wait_for("[My Awesome Project]")
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert screen.ended_well


@pytest.mark.parametrize("keys", [":cancel\r", "\x04"])
def test_a_dumb_terminal_can_be_left(start: Start, target: Path, keys: str) -> None:
    screen = start(kind="dumb")
    screen.wait_for("1 of 22", "Enter goes on")
    screen.send(keys)
    assert screen.end() == 1
    assert "cancelled; nothing was made" in screen.everything
    assert list(target.iterdir()) == []


def test_plain_lines_break_between_words(start: Start) -> None:
    screen = start(kind="dumb", rows=40, columns=40)
    screen.wait_for("1 of 22", "Enter goes on:")
    lines = [line.rstrip() for line in screen.text.splitlines()]
    assert "Most questions are answered already." in lines
    assert ":back goes back" in " ".join(lines)
    # There are no such buttons here.
    assert not {"Next", "Cancel"} & set(screen.text.replace(",", " ").split())
    assert "https://connect.cloudblue.com/community/modules/devops/" in "".join(lines)
    screen.send(":cancel", ENTER)
    assert screen.end() == 1
