"""The wizard in full screen, on a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from connect_stand_in import KEY, Platform
from wizard_screen import (
    BACKSPACE,
    CTRL_A,
    CTRL_C,
    CTRL_R,
    CTRL_Z,
    DOWN,
    END,
    ENTER,
    ESCAPE,
    HOME,
    PAGE_DOWN,
    RIGHT,
    SPACE,
    TAB,
    UP,
    WizardScreen,
)

BOOTSTRAP = ("project", "extension", "bootstrap")
BACK = TAB + RIGHT + ENTER
SNAPSHOTS = Path(__file__).parent / "snapshots"
SECRET = KEY.partition(":")[2]

Start = Callable[..., WizardScreen]


@pytest.fixture
def start(home: Path, target: Path) -> Iterator[Start]:
    screens: list[WizardScreen] = []

    def begin(*arguments: str | Path, **terminal: Any) -> WizardScreen:
        screens.append(WizardScreen(*BOOTSTRAP, "-o", target, *arguments, home=home, **terminal))
        return screens[-1]

    yield begin
    for screen in screens:
        screen.kill()


def answers_of(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / ".connect-extension.json").read_text())["answers"]
    return found


def check_snapshot(name: str, text: str) -> None:
    """Compare with what is kept; ``WIZARD_SNAPSHOTS=update`` keeps what there is now."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("WIZARD_SNAPSHOTS") == "update":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "WIZARD_SNAPSHOTS=update keeps the new screens"


# What is chosen at the steps about the extension, by the step's number.
ROUTES: dict[str, dict[int, str]] = {
    "products": {14: "", 16: "", 17: "", 19: "", 20: ""},
    "hub": {14: "h", 16: "", 17: "", 19: ""},
    "multiaccount": {14: "m", 15: DOWN + SPACE, 16: CTRL_A, 17: "", 18: "", 19: ""},
    "transformations": {14: "c", 15: "", 16: "", 18: ""},
}


@pytest.mark.parametrize(("rows", "columns"), [(24, 80), (40, 120)])
@pytest.mark.parametrize("kind", list(ROUTES))
def test_each_type_from_the_first_step_to_the_project(
    start: Start, target: Path, kind: str, rows: int, columns: int
) -> None:
    route = ROUTES[kind]
    screen = start(rows=rows, columns=columns)
    screens = [screen.whole("1 of 22")]
    screen.send(ENTER)
    screen.fill(2, "Cloud Sync")
    screen.accept(3)
    screen.fill(4, "Keeps clouds in step")
    screen.accept(5, 6, 7, 8, 9, 10, 11, 12, 13)
    screen.step(14)
    screen.send(route[14])
    screens.append(screen.whole(f"> (•) {LABELS[kind]}"))
    screen.send(ENTER)
    for number in sorted(route)[1:]:
        screen.step(number)
        screen.send(route[number])
        screen.send(ENTER)
    screens.append(screen.whole("21 of 22"))
    screen.send(ENTER)
    screens.append(screen.whole("22 of 22", "[ Create ]"))
    rule = "=" * columns
    check_snapshot(f"wizard_{kind}_{columns}x{rows}", "".join(f"{rule}\n{text}\n" for text in screens) + f"{rule}\n")
    screen.send(ENTER)
    assert screen.end() == 0
    assert screen.ended_well
    assert "Rendering the files" in screen.everything
    assert f"The project is in {target / 'cloud_sync'}" in screen.everything
    assert "ccli devops dev" in screen.text
    answers = answers_of(target / "cloud_sync")
    assert answers["extension_type"] == kind
    assert ("extension_audience" in answers) == (15 in route)
    assert ("background" in answers) == (19 in route)
    assert ("interactive" in answers) == (20 in route)
    assert answers["webapp_supports_ui"] == ("y" if 18 in route else "n")


@pytest.mark.parametrize("kind", list(ROUTES))
def test_each_type_with_a_resize_back_ctrl_c_and_cancel_in_the_middle(
    start: Start, home: Path, target: Path, kind: str
) -> None:
    route = ROUTES[kind]
    middle = sorted(route)[1]
    screen = start()
    screen.accept(1)
    screen.fill(2, "Cloud Sync")
    screen.accept(*range(3, 14))
    screen.step(14)
    screen.send(route[14])
    screen.wait_for(f"> (•) {LABELS[kind]}")
    screen.send(ENTER)
    small = screen.step(middle)
    screen.resize(40, 120)
    screen.wait_for(f"{middle} of 22", "14. Extension: Extension type", "───")
    screen.resize(24, 80)
    screen.wait_until_gone("14. Extension: Extension type")
    assert screen.whole(f"{middle} of 22", "F1: keys") == small
    screen.send(BACK)
    screen.wait_for("14 of 22", f"> (•) {LABELS[kind]}")
    screen.send(ENTER)
    screen.step(middle)
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert screen.ended_well
    # What was answered opens the wizard where it was left; Cancel keeps it, too.
    kept = ("--load-answers", home / ".ccli" / "bootstrap" / "cloud_sync.json")
    screen = start(*kept)
    screen.step(middle)
    screen.send(TAB + RIGHT + RIGHT, ENTER)
    assert screen.end() == 1
    assert screen.ended_well
    assert list(target.iterdir()) == []
    screen = start(*kept)
    for number in [*sorted(route)[1:], 21]:
        screen.step(number)
        screen.send(route.get(number, ""), ENTER)
    screen.wait_for("22 of 22", "[ Create ]")
    screen.send(ENTER)
    assert screen.end() == 0
    assert screen.ended_well
    answers = answers_of(target / "cloud_sync")
    assert (answers["project_name"], answers["extension_type"]) == ("Cloud Sync", kind)


# A template that makes one type only, as one of an older or damaged installation does.
HUBS_ONLY = """
from connect_cli_ext.project import bootstrap
from connect_cli_ext.wizard.surroundings import Served
bootstrap.served = lambda: Served(frozenset({"hub"}), frozenset({"events"}))
from connect_cli_ext.main import main
main()
"""


def test_a_type_that_the_template_does_not_make_is_refused(start: Start) -> None:
    screen = start("--answer", "author=Me", program=HUBS_ONLY, columns=120)
    screen.accept(*range(2, 14))
    screen.wait_for(
        "(•) Fulfillment Automation (not made by this version)", "! This version cannot make such a project"
    )
    screen.send(ENTER, DOWN)
    screen.wait_for("14 of 22", "(•) Hub Integration")
    screen.send(ENTER)
    screen.step(16)


LABELS = {
    "products": "Fulfillment Automation",
    "hub": "Hub Integration",
    "multiaccount": "Multi-Account Installation",
    "transformations": "Commerce Transformations",
}


def test_the_whole_wizard_with_detours(
    start: Start, target: Path, platform: Platform, ccli: Callable[..., Any]
) -> None:
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    screen = start()
    assert "Back" not in screen.wait_for("[ Next ]  < Cancel >").split("\n")[-2]
    screen.send(ENTER)
    # The folder's name follows the project's, until somebody changes it.
    screen.fill(2, "Cloud Sync")
    assert "[cloud_sync " in screen.step(3)
    screen.send(BACK)
    assert "[Cloud Sync " in screen.step(2)
    screen.send(" 2", ENTER)
    assert "[cloud_sync_2 " in screen.step(3)
    screen.fill(3, "no good!")
    screen.wait_for("3 of 22", "! Use letters, digits, '_' and '-' only")
    screen.fill(3, "sync")
    screen.accept(4, 5, 6)
    screen.step(7)
    screen.send("m", ENTER)
    screen.fill(8, "class")
    screen.wait_for("8 of 22", "! 'class' is a keyword")
    screen.fill(8, "sync_ext")
    screen.step(9)
    screen.send(DOWN, ENTER)
    screen.accept(10)
    assert platform.url.removeprefix("http://") in screen.step(11)
    screen.send(ENTER)
    assert "••••••" in screen.step(12)
    screen.send(ENTER)
    screen.fill(13, "ENV-1234-5678-01")
    # A vendor's account: no hub integration.
    assert "Hub Integration" not in screen.step(14)
    screen.accept(14)
    screen.accept(16)
    screen.step(17)
    screen.send(DOWN * 2, SPACE)
    screen.wait_for("[ ] Scheduled", "2 of 3 chosen")
    screen.send(ENTER)
    assert "The list comes from the" in screen.step(19)
    screen.send(CTRL_R, "purchase")
    screen.wait_for("Filter: purchase", "1 of 16 shown")
    screen.send(SPACE, ENTER)
    screen.step(20)
    screen.send(CTRL_A)
    screen.wait_for("8 of 8 chosen")
    screen.send(ENTER)
    screen.accept(21)
    assert "ApiKey SU-111-222-333:********" in screen.wait_for("22 of 22", "[ Create ]")
    screen.send(UP, END)
    screen.wait_for("> variables: No")
    screen.send(ENTER)
    screen.step(21)
    screen.send("y", ENTER)
    screen.wait_for("22 of 22")
    screen.send(DOWN, END)
    screen.wait_for("> variables: Yes")
    screen.send(TAB, ENTER)
    assert screen.end() == 0
    assert screen.ended_well
    assert "The project is in" in screen.everything
    assert SECRET not in screen.everything
    project = target / "sync"
    answers = answers_of(project)
    assert answers["project_name"] == "Cloud Sync 2"
    assert answers["license"] == "MIT"
    assert answers["use_asyncio"] == "y"
    assert answers["event_types"] == ["background", "interactive"]
    assert answers["background"] == ["asset_purchase_request_processing"]
    assert answers["include_variables_example"] == "y"
    assert len(answers["interactive"]) == 8
    assert SECRET in (project / ".sync_dev.env").read_text()
    assert "async def" in (project / "sync_ext" / "extension.py").read_text()


def test_wide_characters_are_measured_right(start: Start) -> None:
    screen = start("--answer", "project_name=Größe 日本語", "--answer", "project_slug=x")
    screen.step(4)
    screen.send(BACK, BACK)
    line = next(line for line in screen.step(2).split("\n") if "Größe" in line)
    # The edge of the line is in the last column, however wide its characters are.
    assert line.endswith("]")
    assert len(line) == 80 - len("日本語")
    screen.send(BACKSPACE, "x")
    screen.wait_for("[Größe 日本x ")


def test_the_screen_follows_the_size_of_the_terminal(start: Start, target: Path) -> None:
    screen = start()
    screen.step(1)
    screen.send(ENTER)
    assert " 1. Introduction" in screen.step(2)
    screen.send(END, "!")
    screen.wait_for("Project!")
    screen.resize(40, 120)
    assert "20. Extension: Interactive events" in screen.wait_for("Project!", "───", "F1: keys")
    screen.resize(10, 40)
    screen.wait_until_gone("1. Introduction")
    screen.wait_for("Project!", "< Next >")
    screen.resize(3, 12)
    screen.wait_until_gone("Project:")
    screen.resize(24, 80)
    screen.wait_for("Project!", " 1. Introduction", "F1: keys")
    screen.send(ENTER)
    screen.step(3)
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert screen.ended_well


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "vt100"}, {"TERM": "vt220"}])
def test_it_can_be_read_without_colours(start: Start, environment: dict[str, str]) -> None:
    import re

    screen = start(kind=environment.pop("TERM", "xterm-256color"), **environment)
    screen.step(1)
    screen.send(ENTER)
    screen.step(2)
    screen.send(ENTER)
    assert "✓  2. Project: name" in screen.step(3)
    assert ">  3. Project: root" in screen.text
    assert "- 15. Audience" in screen.text
    assert not re.search(r"\x1b\[(?:\d+;)*[34]\d(?:;\d+)*m", screen.everything)
    screen.send(CTRL_C)
    assert screen.end() == 130


def test_where_there_is_no_unicode_other_signs_are_used(start: Start) -> None:
    screen = start(LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    screen.step(1)
    screen.send(ENTER)
    assert "+  1. Introduction" in screen.step(2)
    assert screen.text.isascii()


def test_given_answers_are_not_asked_again_the_wizard_opens_at_what_is_open(start: Start) -> None:
    screen = start("--answer", "project_name=Given", "--answer", "project_slug=given")
    assert "What does it do" in screen.step(4)
    screen.send(BACK)
    assert "[given " in screen.step(3)


def test_answers_that_will_not_do_open_the_wizard_at_the_first_of_them(
    start: Start, home: Path, target: Path, ccli: Callable[..., Any]
) -> None:
    saved = home / "answers.json"
    assert ccli(*BOOTSTRAP, "--defaults", "-o", target, "-s", saved).status == 0
    document = json.loads(saved.read_text())
    saved.write_text(json.dumps({**document, "project_slug": "again", "license": "GPL"}))
    screen = start("--load-answers", saved)
    screen.wait_for("7 of 22", "! 'GPL' is not offered here")
    screen.send(SPACE, ENTER)
    screen.accept(8)
    screen.step(9)
    screen.send(CTRL_C)
    assert screen.end() == 130


def kept_answers(home: Path, slug: str) -> dict[str, Any]:
    path = home / ".ccli" / "bootstrap" / f"{slug}.json"
    assert path.stat().st_mode & 0o777 == 0o600
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("number", [1, 2, 7])
@pytest.mark.parametrize("how", ["button", "escape"])
def test_cancel_makes_nothing_and_keeps_the_answers(
    start: Start, home: Path, target: Path, number: int, how: str
) -> None:
    screen = start("--answer", f"api_key={KEY}") if number == 7 else start()
    if number == 7:
        # A given answer opens the wizard at what is open.
        screen.accept(2, 3, 4, 5, 6)
    elif number == 2:
        screen.accept(1)
    screen.step(number)
    if how == "button":
        screen.send(TAB if number == 1 else TAB + RIGHT + RIGHT, ENTER)
    else:
        screen.send(ESCAPE)
        screen.wait_for("Leave the wizard?")
        screen.send("y")
    assert screen.end() == 1
    assert screen.ended_well
    assert "cancelled; nothing was made" in screen.everything
    assert list(target.iterdir()) == []
    if number == 7:
        kept = kept_answers(home, "my_awesome_project")
        assert kept["author"] == "Globex Corporation"
        assert "api_key" not in kept
        assert "license" not in kept
        assert "--load-answers" in screen.everything
        assert SECRET not in screen.everything
    else:
        assert list(home.iterdir()) == []


@pytest.mark.parametrize("where", ["page", "text", "choice", "leaving", "help"])
def test_ctrl_c_leaves_at_once_with_130(start: Start, target: Path, where: str) -> None:
    screen = start()
    screen.step(1)
    if where != "page":
        screen.send(ENTER)
        screen.step(2)
    if where == "choice":
        screen.accept(2, 3, 4, 5, 6)
        screen.step(7)
    if where == "leaving":
        screen.send(ESCAPE)
        screen.wait_for("Leave the wizard?")
    if where == "help":
        screen.send("\x1bOP")
        screen.wait_for("Shift-Tab")
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert screen.ended_well
    assert "Interrupted." in screen.everything
    assert "Traceback" not in screen.everything
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_as_such_and_the_terminal_is_given_back(start: Start, home: Path, number: int) -> None:
    screen = start()
    screen.step(1)
    screen.send(ENTER)
    screen.fill(2, "Half Done")
    screen.step(3)
    os.kill(screen.pid, number)
    assert screen.end() == -number
    assert screen.ended_well
    assert kept_answers(home, "half_done") == {"project_name": "Half Done"}


def test_a_closed_window_loses_no_answer(start: Start, home: Path) -> None:
    screen = start()
    screen.accept(1)
    screen.fill(2, "Half Done")
    screen.step(3)
    assert screen.hang_up() == -signal.SIGHUP
    assert kept_answers(home, "half_done") == {"project_name": "Half Done"}


def test_what_was_kept_is_gone_on_with(start: Start, home: Path, target: Path) -> None:
    screen = start()
    screen.accept(1)
    screen.fill(2, "Half Done")
    screen.accept(3, 4, 5)
    screen.step(6)
    screen.send(CTRL_C)
    assert screen.end() == 130
    again = start("--load-answers", home / ".ccli" / "bootstrap" / "half_done.json")
    again.step(6)
    assert "✓  2. Project: name" in again.text
    for number in (6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21):
        again.accept(number)
    again.wait_for("[ Create ]")
    again.send(ENTER)
    assert again.end() == 0
    assert answers_of(target / "half_done")["project_name"] == "Half Done"
    assert list((home / ".ccli" / "bootstrap").iterdir()) == []


def test_unfinished_answers_go_to_the_file_for_them_if_one_is_named(start: Start, home: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    screen = start("-s", saved)
    screen.accept(1)
    screen.fill(2, "Half Done")
    screen.step(3)
    screen.send(CTRL_C)
    assert screen.end() == 130
    assert json.loads(saved.read_text()) == {"project_name": "Half Done"}
    assert list(home.iterdir()) == []


def test_it_can_be_suspended_and_comes_back(start: Start, home: Path, target: Path) -> None:
    screen = WizardScreen(home=home, shell=True)
    try:
        screen.wait_for("shell>")
        command = ["-c", "from connect_cli_ext.main import main; main()", *BOOTSTRAP, "-o", str(target)]
        screen.send(shlex.join([sys.executable, *command]), ENTER)
        screen.step(1)
        screen.send(ENTER)
        screen.step(2)
        screen.send(END, "!")
        screen.wait_for("Project!")
        screen.send(CTRL_Z)
        screen.wait_for("Stopped")
        screen.send("stty -a | grep -o -e '-\\?icanon' -e ' -\\?echo '", ENTER)
        screen.wait_for("\nicanon", "\n echo")
        screen.send("fg", ENTER)
        screen.wait_for("2 of 22", "Project!", "F1: keys")
        screen.send("?")
        screen.wait_for("Project!?")
        screen.send(CTRL_C)
        screen.wait_for("Interrupted.", "shell>")
    finally:
        screen.kill()


def test_a_crash_gives_the_terminal_back(start: Start, home: Path, target: Path) -> None:
    """A defect of ours in the middle: what a step says raises an error."""
    program = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from connect_cli_ext.wizard import steps\n"
        "def broken(view): raise RuntimeError('broken on purpose')\n"
        "steps.STEPS = (*steps.STEPS[:4], replace(steps.STEPS[4], help=broken), *steps.STEPS[5:])\n"
        "from connect_cli_ext.main import main\n"
        f"sys.argv[1:] = {[*BOOTSTRAP, '-o', str(target)]!r}\n"
        "main()\n"
    )
    screen = WizardScreen(home=home, program=program)
    try:
        screen.accept(1)
        screen.fill(2, "Half Done")
        screen.accept(3, 4)
        assert screen.end() == 70
        assert screen.ended_well
        assert "broken on purpose" in screen.everything
        assert kept_answers(home, "half_done")["description"] == "Project description"
    finally:
        screen.kill()


def test_a_project_that_cannot_be_made_leads_back_to_the_summary(start: Start, home: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    screen = WizardScreen(*BOOTSTRAP, "-o", gone, "--answer", "project_name=X", home=home, columns=120)
    try:
        for number in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21):
            screen.accept(number)
        screen.wait_for("[ Create ]")
        gone.rmdir()
        screen.send(ENTER)
        screen.wait_for("22 of 22", "is no folder; make it first")
        gone.mkdir()
        screen.send(ENTER)
        assert screen.end() == 0
        assert (gone / "x" / "pyproject.toml").exists()
    finally:
        screen.kill()


def test_a_platform_that_keeps_silent_holds_nobody_up(
    start: Start, platform: Platform, ccli: Callable[..., Any]
) -> None:
    import threading

    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    platform.hold = threading.Event()
    screen = start("--answer", "description=x", columns=120)
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16):
        screen.accept(number)
    assert "SDK's own catalogue (the account VA-100-200:" in screen.step(17)


def test_the_platform_s_own_events_are_offered(start: Start, platform: Platform, ccli: Callable[..., Any]) -> None:
    platform.collections["devops/event-definitions"] = [
        {
            "type": "asset_cancel_request_processing",
            "name": "As the platform calls it",
            "group": "Subscription",
            "category": "background",
            "extension_type": "products",
        }
    ]
    assert ccli("account", "add", KEY, "-e", platform.endpoint).status == 0
    platform.requests.clear()
    screen = start("--answer", "description=x", columns=120)
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14):
        screen.accept(number)
    screen.step(16)
    # Nobody is that fast with the keyboard: the answer is there long before.
    assert platform.asked.wait(20)
    screen.send(ENTER)
    assert "The list comes from the account VA-100-200." in screen.step(17)
    screen.send(ENTER)
    screen.wait_for("19 of 22", "As the platform calls it", "1 of 1 chosen")


def test_the_terminal_is_asked_no_questions(start: Start) -> None:
    """A terminal that cannot answer would show rubbish and hold the wizard up."""
    screen = start(PYTHONWARNINGS="default")
    screen.step(1)
    assert "Warning" not in screen.everything
    for question in ("\x1bP+q", "\x1b[>q", "\x1b[6n", "\x1b[c", "\x1b]10;?", "\x1b[?u"):
        assert question not in screen.everything


def test_a_paste_is_one_answer(start: Start) -> None:
    screen = start()
    screen.accept(1)
    screen.step(2)
    screen.send(HOME, "\x1b[200~Pasted\nName \x1b[201~")
    assert "[Pasted Name" in screen.wait_for("Pasted Name")
    assert "2 of 22" in screen.text


def test_a_list_scrolls(start: Start) -> None:
    screen = start("--answer", "description=x", rows=16)
    for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17):
        screen.accept(number)
    assert "↓" in screen.step(19)
    screen.send(PAGE_DOWN * 4)
    screen.wait_for("↑")
    screen.send(HOME)
    screen.wait_for("> [x] Subscription: Purchase Request")


def test_a_key_that_is_asked_for_is_not_shown(home: Path, platform: Platform) -> None:
    screen = WizardScreen("account", "add", "-e", platform.endpoint, home=home)
    screen.wait_for("API key:")
    screen.send(KEY, ENTER)
    assert screen.end() == 0
    assert "Account VA-100-200 (Acme) added" in screen.everything
    assert SECRET not in screen.everything
