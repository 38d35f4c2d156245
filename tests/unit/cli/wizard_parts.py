"""Wizards and dialogues for tests, in surroundings that are the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path

from connect_cli_ext.wizard.answers import STEP_OF, Draft
from connect_cli_ext.wizard.dialogue import Dialogue
from connect_cli_ext.wizard.flow import Wizard
from connect_cli_ext.wizard.step import Value
from connect_cli_ext.wizard.surroundings import KnownEvents, Served, Surroundings

EVERYTHING = Served(
    types=frozenset({"products", "hub", "multiaccount", "transformations"}),
    features=frozenset({"events", "anvil", "webapp", "tfnapp"}),
)
SECRET = "very-secret"


def surroundings() -> Surroundings:
    return Surroundings(
        Path("/home/me/projects"),
        KnownEvents(),
        server_address="api.example.com",
        api_key=f"ApiKey SU-1:{SECRET}",
        origin="the account VA-100-200",
        served=EVERYTHING,
    )


def new_wizard(**answers: Value) -> Wizard:
    return Wizard(Draft(surroundings(), answers))


def new_dialogue(at: str = "", **answers: Value) -> Dialogue:
    wizard = new_wizard(**answers)
    if at:
        wizard.go_to(STEP_OF[at])
    return Dialogue(wizard)


def check_snapshot(path: Path, text: str) -> None:
    """Compare with what is kept; ``WIZARD_SNAPSHOTS=update`` keeps what there is now."""
    if os.environ.get("WIZARD_SNAPSHOTS") == "update":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "WIZARD_SNAPSHOTS=update keeps the new screens"
