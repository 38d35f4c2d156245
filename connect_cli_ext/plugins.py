"""Commands that other distributions bring: entry points of the group ``connect.cli.plugins``.

The group's rules are those of the public `connect-cli` (reference/cli.md, section 1): the value is a function without
arguments that returns a click command. A plugin is imported only when its command is run, and one that cannot be
imported spoils nobody else's command.

Where `connect-cli` itself is installed, its root group runs the plugin, with our root options handed on, so that the
plugin finds the account and the settings that it expects.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, distributions
from typing import Any

import click

from connect_cli_ext.errors import CommandError
from connect_cli_ext.settings import current_settings

__all__ = ["GROUP", "Plugin", "PluginError", "find_command", "installed_plugins", "public_subcommand"]

GROUP = "connect.cli.plugins"
_PUBLIC_PREFIX = "connect.cli.plugins."
_PUBLIC_HOST = "connect.cli.core.base"
_OURS = "connect_cli_ext."


class PluginError(CommandError):
    """A plugin of another distribution cannot be loaded; the message names both."""

    def __init__(self, plugin: Plugin, cause: BaseException) -> None:
        super().__init__(
            f"the plugin '{plugin.name}' of {plugin.distribution} cannot be loaded: {type(cause).__name__}: {cause}. "
            f"Update or remove that package; all other commands work."
        )
        self.plugin = plugin


@dataclass(frozen=True)
class Plugin:
    """An entry point, not imported yet."""

    name: str
    distribution: str
    entry_point: EntryPoint

    @property
    def public(self) -> bool:
        """Whether it is part of `connect-cli` itself."""
        return self.entry_point.value.startswith(_PUBLIC_PREFIX)

    @property
    def summary(self) -> str:
        """What help says about it, as far as its metadata tell."""
        return f"From {self.distribution}."

    def load(self) -> click.Command:
        """Import it and return its command.

        Raises:
            PluginError: it failed, in whatever way.
        """
        try:
            command = self.entry_point.load()()
        # Somebody else's code: whatever it raises, even SystemExit, must not take our commands down.
        except (Exception, SystemExit) as error:
            raise PluginError(self, error) from error
        if not isinstance(command, click.Command):
            raise PluginError(self, TypeError(f"it returned {type(command).__name__}, no click command"))
        return command


@cache
def installed_plugins() -> tuple[Plugin, ...]:
    """All plugins but our own, by name; of two with one name the first on the import path counts."""
    found: dict[str, Plugin] = {}
    for distribution in distributions():
        text = distribution.read_text("entry_points.txt")
        if text is None or GROUP not in text:
            continue
        label = f"{distribution.metadata['Name']} {distribution.version}"
        for point in distribution.entry_points:
            if point.group == GROUP and not point.value.startswith(_OURS):
                found.setdefault(point.name, Plugin(point.name, label, point))
    return tuple(sorted(found.values(), key=lambda plugin: plugin.name))


def find_command(name: str) -> click.Command | None:
    """Return the command that a plugin calls ``name``: that of the entry point of this name, else any that says so.

    The name of an entry point need not be the name of its command, so when none has the name all are asked.

    Raises:
        PluginError: the plugin of this name cannot be loaded.
    """
    plugins = installed_plugins()
    for plugin in plugins:
        if plugin.name == name:
            return _mounted(plugin, plugin.load())
    broken: list[PluginError] = []
    for plugin in plugins:
        try:
            command = plugin.load()
        except PluginError as error:
            broken.append(error)
            continue
        if command.name == name:
            return _mounted(plugin, command)
    for failure in broken:
        click.echo(f"Warning: {failure.format_message()}", err=True)
    return None


def public_subcommand(group: str, name: str) -> click.Command | None:
    """Return the sub-command ``name`` of the public group ``group``, None if there is no such thing here."""
    for plugin in installed_plugins():
        if plugin.public and plugin.name == group:
            command = plugin.load()
            if isinstance(command, click.Group) and name in command.commands:
                return _mounted(plugin, command, path=(name,), inner=command.commands[name])
    return None


def public_subcommands(group: str) -> tuple[tuple[str, str], ...]:
    """Name and help line of the sub-commands of the public group ``group``; nothing when it cannot be loaded."""
    for plugin in installed_plugins():
        if plugin.public and plugin.name == group:
            try:
                command = plugin.load()
            except PluginError as error:
                click.echo(f"Warning: {error.format_message()}", err=True)
                return ()
            if isinstance(command, click.Group):
                return tuple((name, inner.get_short_help_str(100)) for name, inner in sorted(command.commands.items()))
    return ()


def _mounted(
    plugin: Plugin, command: click.Command, path: tuple[str, ...] = (), inner: click.Command | None = None
) -> click.Command:
    root = _public_root()
    if root is None:
        return inner or command
    shown = inner or command
    prefix = (command.name or plugin.name, *path)

    @click.command(
        name=prefix[-1],
        short_help=shown.get_short_help_str(100),
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": []},
        add_help_option=False,
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def delegate(arguments: tuple[str, ...]) -> Any:
        root.add_command(command)
        settings = current_settings()
        options = ["-c", str(settings.config_dir), "-p", str(settings.page_size)]
        options += [
            flag for flag, given in (("-s", settings.silent), ("-v", settings.verbose), ("-y", settings.yes)) if given
        ]
        return root.main(args=[*options, *prefix, *arguments], prog_name="ccli", standalone_mode=False)

    return delegate


def _public_root() -> click.Group | None:
    if not any(plugin.public for plugin in installed_plugins()):
        return None
    try:
        __import__(_PUBLIC_HOST)
    except Exception as error:
        click.echo(f"Warning: connect-cli is installed but does not start: {error}", err=True)
        return None
    root = getattr(sys.modules[_PUBLIC_HOST], "cli", None)
    return root if isinstance(root, click.Group) else None
