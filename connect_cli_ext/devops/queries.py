"""Conditions of the API's lists, with values as a query carries them."""

from __future__ import annotations

from urllib.parse import quote

import click

__all__ = ["equals"]


def equals(name: str, value: str) -> str:
    """Return the condition that a field has this value, whatever characters it has."""
    mark = '"' if '"' not in value else "'"
    if mark in value:
        raise click.BadParameter(f"no name has both kinds of quotes; got {value}")
    return f"eq({name},{quote(f'{mark}{value}{mark}', safe='')})"
