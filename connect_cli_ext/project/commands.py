"""``ccli project`` and ``ccli project extension``."""

from __future__ import annotations

import click

from connect_cli_ext.lazy import LazyCommand, LazyGroup

__all__ = ["extension", "project"]


class _ProjectGroup(LazyGroup):
    """Ours, together with the sub-commands that the public tool has under the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from connect_cli_ext.plugins import public_subcommands

        return sorted({*super().list_commands(ctx), *(name for name, _ in public_subcommands("project"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        from connect_cli_ext.plugins import public_subcommand

        return public_subcommand("project", cmd_name)


@click.group(
    cls=LazyGroup,
    lazy={
        "add": LazyCommand("connect_cli_ext.project.add:add", "Add a handler, a page, an application and the like."),
        "bootstrap": LazyCommand("connect_cli_ext.project.bootstrap:bootstrap", "Make a new extension project."),
        "bump": LazyCommand("connect_cli_ext.project.bump:bump", "Put the SDK's version into a project's files."),
        "deploy": LazyCommand("connect_cli_ext.project.deploy:deploy", "Deploy a git tag into an environment."),
        "run": LazyCommand(
            "connect_cli_ext.devops.dev:dev", "Run a project on the local platform, with live reload.", extra="devops"
        ),
        "update": LazyCommand("connect_cli_ext.project.update:update", "Merge today's template into a project."),
        "validate": LazyCommand("connect_cli_ext.project.validate:validate", "Check an extension project."),
    },
)
def extension() -> None:
    """Create, check and deploy extension projects."""


@click.group(cls=_ProjectGroup)
def project() -> None:
    """Create and check projects."""


project.add_command(extension)
