"""Our part of somebody else's `ccli`: the entry point ``connect_extension_sdk`` of the group ``connect.cli.plugins``.

The public host calls `get_commands` at every start and puts what it returns below ``ccli plugin``. On the way we add
our commands where people look for them: `project extension` to the public `project` group, and `devops` to the root
(reference/cli.md, section 1, ways 2 and 4). A host that has neither still gets everything below ``ccli plugin
extension-sdk``. An exception here would break every command of the host, so none leaves.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

from connect_cli_ext.host import OUR_COMMANDS
from connect_cli_ext.lazy import LazyCommand, LazyGroup

__all__ = ["get_commands"]

EXTENSION = LazyCommand(
    "connect_cli_ext.project.commands:extension", "Create and check extension projects (Connect Extension SDK)."
)


def get_commands() -> click.Group:
    """Add our commands to the public host, and return the group that goes below ``ccli plugin``."""
    ours = {"devops": OUR_COMMANDS["devops"], "extension": EXTENSION}
    _add_to("connect.cli.plugins.project.commands", "grp_project", "extension", EXTENSION)
    _add_to("connect.cli.core.base", "cli", "devops", OUR_COMMANDS["devops"])
    return LazyGroup("extension-sdk", lazy=ours, help="The Connect Extension SDK's commands.")


def _add_to(module: str, attribute: str, name: str, command: LazyCommand) -> None:
    try:
        if find_spec(module) is None:
            return
        group = getattr(import_module(module), attribute, None)
    # An older or newer host with another layout: ours stays below `ccli plugin`.
    except Exception:
        return
    if isinstance(group, click.Group):
        group.add_command(_Deferred(name, command), name)


class _Deferred(click.Group):
    """A group that stands in the host's tree and is imported when somebody runs it."""

    def __init__(self, name: str, command: LazyCommand) -> None:
        super().__init__(name, help=command.summary)
        self._command = command

    def _real(self) -> click.Group:
        real = self._command.load(self.name or "")
        if not isinstance(real, click.Group):
            raise TypeError(f"{self._command.target} is no group")
        return real

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the real group's commands."""
        return self._real().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the real group's command."""
        return self._real().get_command(ctx, cmd_name)
