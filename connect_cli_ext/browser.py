"""Opening a page in the user's browser."""

from __future__ import annotations

import shutil
import subprocess
import sys

import click

__all__ = ["open_page"]


def open_page(link: str) -> None:
    """Ask the desktop to open ``link``. Says nothing where there is no browser: callers print the link as well."""
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        click.launch(link)
        return
    # The opener complains about each browser that is not installed, into the terminal, at any later time.
    subprocess.Popen(
        [opener, link],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
