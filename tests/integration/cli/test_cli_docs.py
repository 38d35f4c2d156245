"""The documentation names commands and options that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from connect_cli_ext.host import cli

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "templates").rglob("*.md"))]
# In a block with or without the shell's prompt, or between backquotes.
SHOWN = re.compile(r"^(?:\$ | {4})ccli( .*)$|`ccli( [^`]+)`", re.MULTILINE)


def shown() -> Iterator[tuple[Path, list[str]]]:
    for page in PAGES:
        for block, inline in SHOWN.findall(page.read_text(encoding="utf-8")):
            text = (block or inline).partition("{{")[0].partition(" #")[0].removesuffix("\\")
            yield page, text.split()


def problem(words: list[str]) -> str | None:
    """What a command line has that `ccli` has not."""
    context = click.Context(cli, info_name="ccli")
    command: click.Command = cli
    options = {"-h", "--help"}
    rest = list(words)
    while True:
        options.update(
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        )
        if not isinstance(command, click.Group):
            break
        while rest and rest[0].startswith("-"):
            name = rest.pop(0).partition("=")[0]
            if name not in options:
                return f"{name} is no option of {command.name}"
        if not rest:
            break
        name = rest.pop(0)
        found = command.get_command(context, name)
        if found is None:
            return f"{name} is no command of {command.name}"
        command = found
    strange = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in options]
    return f"{strange[0]} is no option of {command.name}" if strange else None


def test_every_command_in_the_documentation_exists() -> None:
    seen = list(shown())
    assert len(seen) > 60
    assert {"account", "devops", "project", "doctor", "completion"} <= {words[0] for _, words in seen if words}
    assert [
        f"{page.relative_to(ROOT)}: ccli {' '.join(words)}: {wrong}"
        for page, words in seen
        if (wrong := problem(words))
    ] == []


def test_what_there_is_not_is_noticed() -> None:
    assert problem(["project", "extension", "install"]) == "install is no command of extension"
    assert problem(["project", "extension", "validate", "-d", "x"]) == "-d is no option of validate"
    assert problem(["-s", "account", "list", "-o", "json"]) is None
