"""`ccli devops info` and `ccli devops clock`: what runs, and what time it is there."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import click

from connect_cli_ext.devops.rest import connect
from connect_cli_ext.output import output_option

__all__ = ["clock", "info"]

_ADDRESSES = ("url", "https_url", "ws_url", "ca_file", "data_dir", "api_key")


def _extension_lines(extension: Mapping[str, Any]) -> list[str]:
    """Return what people need of an extension, in lines that fit a terminal of 80 columns."""
    lines = [f"{extension['id']}  {extension['name']} ({extension['type']})"]
    for environment in extension["environments"]:
        lines += [
            f"  {environment['id']}  {environment['type']}  {environment['status']}",
            f"    uuid        {environment['uuid']}",
            f"    jwt_secret  {environment['jwt_secret']}",
            f"    web         {environment['web_url']}",
        ]
    return lines


@click.command()
@output_option
def info(output: str) -> None:
    """Show addresses, key, extensions and environments of the running platform.

    It prints the API key and the JWT secrets of the local platform: they open nothing but this machine's sandbox.
    """
    with connect() as client:
        facts = client.get("/devops/local/info")
    if output == "json":
        click.echo(json.dumps(facts, indent=2))
        return
    for name in _ADDRESSES:
        click.echo(f"{name:<10} {facts[name]}")
    for extension in facts["extensions"]:
        click.echo()
        for line in _extension_lines(extension):
            click.echo(line)


@click.command()
@click.argument("move", metavar="[SECONDS|next]", required=False)
@output_option
def clock(move: str | None, output: str) -> None:
    """Show the platform's clock, or move it forward: schedules fire and countdowns end as if time had passed.

    \b
    ccli devops clock            # what time it is there
    ccli devops clock 3600       # an hour later
    ccli devops clock next       # the next moment at which something happens by itself
    """
    with connect() as client:
        if move is None:
            state = client.get("/devops/local/clock")
        else:
            state = client.post("/devops/local/clock", {"advance": "next" if move == "next" else _seconds(move)})
    if output == "json":
        click.echo(json.dumps(state, indent=2))
    else:
        click.echo(f"{state['now']}  ({state['offset']:.0f} s ahead)")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise click.BadParameter(f"expected a number of seconds or 'next', got {text!r}", param_hint="SECONDS")
    return seconds
