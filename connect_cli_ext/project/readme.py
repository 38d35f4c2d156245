"""A project's README: rows in its tables for what was added, as `bootstrap` would have written them.

A table is known by its heading, wherever people moved it; what they wrote into it stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connect_cli_ext.errors import FileError, reason
from connect_cli_ext.project.additions import Addition
from connect_cli_ext.project.existing import ExistingProject
from connect_cli_ext.project.tables import escaped, row_of, with_row

__all__ = ["EVENTS", "README", "TRANSFORMATIONS", "VARIABLES", "add_row", "add_tab", "code"]

README: Final = "README.md"
EVENTS: Final = ("event", "statuses", "what happens")
TRANSFORMATIONS: Final = ("transformation", "what it does", "who does it")
VARIABLES: Final = ("name", "secured", "initial value", "what for")
_NEW_SECTIONS: Final[Mapping[tuple[str, ...], str]] = {
    VARIABLES: (
        "## Variables\n\nSet them in the environment's details in the DevOps module, or with the local platform.\n"
    ),
}
_NEXT_SECTION: Final = "## Files"
_PAGES: Final = "Its pages: "


def code(text: str) -> str:
    """Return a text as code in a cell; nothing for no text."""
    return f"`{text}`" if text else ""


def add_row(project: ExistingProject, addition: Addition, heading: Sequence[str], cells: Sequence[str]) -> None:
    """Put a row into a table of the README, as its last; tell it if there is no such table in a project made here.

    Args:
        project: the project.
        addition: gets the changed file.
        heading: what stands in the table's first row.
        cells: the row's; whatever is in them is text.
    """
    text = _read(project, addition)
    if text is None:
        return
    row = row_of(cells)
    grown = with_row(text, heading, row)
    if grown is None and project.made_here:
        grown = _with_section(text, tuple(heading), row)
    if grown is not None:
        _write(addition, text, grown)
    elif project.made_here:
        addition.notes.append(
            f"{README} has no table of '{heading[0]}', '{heading[1]}', …: describe the new one yourself."
        )


def add_tab(project: ExistingProject, addition: Addition, title: str) -> None:
    """Name a new page of the module in the sentence of the README that tells which there are."""
    text = _read(project, addition)
    if text is None:
        return
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if line.startswith(_PAGES)), None)
    if start is not None:
        end = next((number for number in range(start, len(lines)) if not lines[number].strip()), len(lines))
        lines.insert(end, f"The tab *{escaped(title)}* is beside the main page.")
        _write(addition, text, "\n".join(lines))
    elif project.made_here:
        addition.notes.append(f"{README} does not say '{_PAGES.strip()}' any more: describe the new one yourself.")


def _with_section(text: str, heading: tuple[str, ...], row: str) -> str | None:
    """Return a text with the section that a project has as soon as there is something for its table."""
    lines = text.split("\n")
    opening = _NEW_SECTIONS.get(heading)
    if opening is None or _NEXT_SECTION not in lines:
        return None
    table = "\n".join((row_of(heading), f"|{'---|' * len(heading)}", row))
    lines.insert(lines.index(_NEXT_SECTION), f"{opening}\n{table}\n")
    return "\n".join(lines)


def _read(project: ExistingProject, addition: Addition) -> str | None:
    written = addition.changes.written.get(README)
    if written is not None:
        return written.decode()
    try:
        file = project.root / README
        return file.read_bytes().decode("utf-8").replace("\r\n", "\n") if file.is_file() else None
    except OSError as error:
        raise FileError(project.root / README, f"cannot be read: {reason(error)}") from error
    except UnicodeDecodeError:
        addition.notes.append(f"{README} is not in UTF-8, so the addition is not in it.")
        return None


def _write(addition: Addition, before: str, after: str) -> None:
    if before == after:
        return
    addition.changes.write(README, after)
    if (README, "changed") not in addition.told:
        addition.told.append((README, "changed"))
