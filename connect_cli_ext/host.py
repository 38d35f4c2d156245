"""The root of `ccli` where it runs by itself.

Importing this module imports click and the standard library only; everything else comes with the command that is run.
"""

from __future__ import annotations

from pathlib import Path

import click

from connect_cli_ext.lazy import LazyCommand, LazyGroup
from connect_cli_ext.settings import DEFAULT_CONFIG_DIR, Settings

__all__ = ["OUR_COMMANDS", "cli"]

OUR_COMMANDS = {
    "account": LazyCommand(
        "connect_cli_ext.accounts.commands:account", "Add, list, activate, refresh and remove accounts."
    ),
    "devops": LazyCommand(
        "connect_cli_ext.devops.commands:devops", "Run the local DevOps platform and work with it.", extra="devops"
    ),
    "completion": LazyCommand(
        "connect_cli_ext.completion:completion", "Complete commands, ids and event types in a shell."
    ),
    "doctor": LazyCommand("connect_cli_ext.doctor.command:doctor", "Check this machine, the account and a project."),
    "project": LazyCommand("connect_cli_ext.project.commands:project", "Create and check projects."),
}


class Host(LazyGroup):
    """Our commands, and those of installed plugins, which are looked at only when ours do not answer."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of our commands and of the plugins' entry points."""
        from connect_cli_ext.plugins import installed_plugins

        return sorted({*super().list_commands(ctx), *(plugin.name for plugin in installed_plugins())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return our command of that name, else a plugin's."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from connect_cli_ext.plugins import find_command

        return find_command(cmd_name)

    def summaries(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Our commands with their help line, plugins with the distribution that brings them."""
        from connect_cli_ext.plugins import installed_plugins

        rows = {name: entry.summary for name, entry in self.lazy.items()}
        for plugin in installed_plugins():
            rows.setdefault(plugin.name, plugin.summary)
        return sorted(rows.items())


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(f"ccli, Connect Extension SDK {version('connect-extension-sdk')}")
    ctx.exit()


@click.group(cls=Host, lazy=OUR_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_CONFIG_DIR,
    show_default=True,
    help="Folder of the configuration.",
)
@click.option("-s", "--silent", is_flag=True, help="Print data and errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Show the HTTP calls, and the traceback of a defect.")
@click.option("-y", "--yes", is_flag=True, help="Answer yes to every confirmation.")
@click.option(
    "-p",
    "--page-size",
    type=click.IntRange(1, 1000),
    default=25,
    show_default=True,
    help="Rows to ask for in one call.",
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version."
)
@click.pass_context
def cli(ctx: click.Context, config_dir: Path, silent: bool, verbose: bool, yes: bool, page_size: int) -> None:
    """Write, run and test extensions of the CloudBlue Connect platform."""
    ctx.obj = Settings(config_dir=config_dir.expanduser(), silent=silent, verbose=verbose, yes=yes, page_size=page_size)
