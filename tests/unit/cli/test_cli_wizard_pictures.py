"""What every step looks like, kept as text to be read: `snapshots/`."""

from __future__ import annotations

from pathlib import Path

import pytest
from wizard_parts import check_snapshot, new_dialogue

from connect_cli_ext.wizard.keys import Key
from connect_cli_ext.wizard.layout import draw, draw_progress
from connect_cli_ext.wizard.picture import UNICODE_SIGNS

SNAPSHOTS = Path(__file__).parent / "snapshots"
SIZES = [(80, 24), (120, 40)]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("kind", ["products", "hub", "multiaccount", "transformations"])
def test_every_step_of_every_type(kind: str, columns: int, rows: int) -> None:
    dialogue = new_dialogue()
    screens = []
    while True:
        if dialogue.step.name == "extension_type":
            for _ in range(4):
                if dialogue.wizard.value != kind:
                    dialogue.press(Key.DOWN)
        if kind in {"hub", "multiaccount"} and dialogue.step.name == "application_types":
            dialogue.press(Key.CTRL_A)
        picture = draw(dialogue, columns, rows, UNICODE_SIGNS)
        dialogue.page = picture.page
        # What comes before the type is the same for all.
        if kind == "products" or dialogue.wizard.number >= 14:
            screens.append(picture.text)
        if dialogue.wizard.is_last:
            break
        assert dialogue.press(Key.ENTER) is None
    rule = "=" * columns
    text = "".join(f"{rule}\n{screen}\n" for screen in screens) + f"{rule}\n"
    check_snapshot(SNAPSHOTS / f"wizard_{kind}_{columns}x{rows}.txt", text)


@pytest.mark.parametrize(("columns", "rows"), [*SIZES, (60, 15), (40, 10)])
def test_other_screens(columns: int, rows: int) -> None:
    wrong = new_dialogue("package_name")
    for press in (Key.CUT_BEFORE, "class"):
        wrong.press(press)
    leaving = new_dialogue("license")
    leaving.press(Key.ESCAPE)
    helping = new_dialogue("license")
    helping.press(Key.HELP)
    revealed = new_dialogue("api_key")
    revealed.press(Key.CTRL_R)
    filtered = new_dialogue("background")
    for press in (*"asset", Key.DOWN, Key.DOWN, Key.BACK_TAB, Key.LEFT):
        filtered.press(press)
    failed = new_dialogue("include_variables_example")
    for press in (Key.ENTER, Key.END):
        failed.press(press)
    failed.fail("/home/me/projects: nothing can be written there: read-only file system")
    pictures = [
        draw(dialogue, columns, rows, UNICODE_SIGNS)
        for dialogue in (wrong, leaving, helping, revealed, filtered, failed)
    ]
    pictures.append(draw_progress(["Rendering the files"], "Starting a git repository", columns, rows, UNICODE_SIGNS))
    rule = "=" * columns
    text = "".join(f"{rule}\n{picture.text}\n" for picture in pictures) + f"{rule}\n"
    check_snapshot(SNAPSHOTS / f"wizard_others_{columns}x{rows}.txt", text)


def test_the_type_of_the_event_under_the_cursor_is_told() -> None:
    dialogue = new_dialogue("background")
    assert "Event type: asset_purchase_request_processing" in draw(dialogue, 80, 24, UNICODE_SIGNS).text
    dialogue.press(Key.END)
    last = dialogue.step.choices(dialogue.wizard.draft)[-1].value
    assert f"Event type: {last}" in draw(dialogue, 80, 24, UNICODE_SIGNS).text
    for letter in "nothing":
        dialogue.press(letter)
    text = draw(dialogue, 80, 24, UNICODE_SIGNS).text
    assert "Nothing matches" in text
    assert "Event type" not in text
