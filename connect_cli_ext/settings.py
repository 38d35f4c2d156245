"""What the root options of a call say, wherever the command is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

__all__ = ["DEFAULT_CONFIG_DIR", "Settings", "current_settings"]

DEFAULT_CONFIG_DIR = "~/.ccli"


@dataclass(frozen=True)
class Settings:
    """The root options (reference/cli.md, section 2).

    ``page_size`` is the number of rows asked for in one call of the platform.
    """

    config_dir: Path
    silent: bool = False
    verbose: bool = False
    yes: bool = False
    page_size: int = 25

    def say(self, message: str = "") -> None:
        """Print a line that is not data: left out with ``--silent``."""
        if not self.silent:
            click.echo(message)


def current_settings() -> Settings:
    """Return the settings of the running command.

    Below our own host they are in the context; below the public one they are read from the root options of the
    same names.
    """
    context = click.get_current_context()
    found = context.find_object(Settings)
    if found is not None:
        return found
    options = context.find_root().params
    return Settings(
        config_dir=Path(options.get("config_dir") or DEFAULT_CONFIG_DIR).expanduser(),
        silent=bool(options.get("silent")),
        verbose=bool(options.get("verbose")),
        yes=bool(options.get("yes")),
        page_size=int(options.get("page_size") or 25),
    )
