"""Groups whose commands are imported only when somebody runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from connect_cli_ext.errors import MissingExtraError

__all__ = ["LazyCommand", "LazyGroup"]


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is, and what help says about it before it is imported.

    Args:
        target: ``module:attribute`` of the click command.
        summary: the line in the group's help.
        extra: the extra of the distribution that brings the libraries it needs.
    """

    target: str
    summary: str
    extra: str = "cli"

    def load(self, name: str) -> click.Command:
        """Import the command.

        Raises:
            MissingExtraError: a library it needs is not installed.
        """
        module_name, _, attribute = self.target.partition(":")
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not missing or missing.startswith("connect_"):
                raise
            raise MissingExtraError(name, missing, self.extra) from error
        command: click.Command = getattr(module, attribute)
        return command


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports one when it is run or asked for its own help."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy: dict[str, LazyCommand] = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now if need be; None if there is none."""
        entry = self.lazy.get(cmd_name)
        if entry is not None and cmd_name not in self.commands:
            self.add_command(entry.load(cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Name and help line of each visible command, without importing any."""
        rows: list[tuple[str, str]] = []
        for name in self.list_commands(ctx):
            entry = self.lazy.get(name)
            if entry is not None:
                rows.append((name, entry.summary))
                continue
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, command.get_short_help_str(limit=100)))
        return rows

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the section of the commands."""
        rows = self.summaries(ctx)
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; an unknown name is answered with the nearest known ones."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            near = get_close_matches(name, self.list_commands(ctx))
            hint = f" Did you mean {' or '.join(repr(found) for found in near)}?" if near else ""
            raise click.UsageError(f"No such command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)
