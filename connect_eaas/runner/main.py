"""The command ``cextrun``. Imports next to nothing: ``--help`` has to be quick."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["main"]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("connect-extension-sdk")
    except PackageNotFoundError:
        return "0.0.0"


def _show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(f"cextrun {_version()}")
        context.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-d", "--debug", is_flag=True, help="Log at level DEBUG.")
@click.option(
    "-u",
    "--unsecure",
    is_flag=True,
    help="Connect without TLS: ws:// for the session, and http:// for the API of the host in SERVER_ADDRESS.",
)
@click.option("-n", "--no-validate", is_flag=True, help="Start even if the extension's declarations are wrong.")
@click.option("-r", "--reload", is_flag=True, help="Start again when the extension's code changes.")
@click.option("--no-rich-logging", is_flag=True, help="Plain log lines, without colours.")
@click.option("--json", is_flag=True, help="Log lines are JSON objects, with the task that they belong to.")
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read environment variables from this file. Default: the project's own env file.",
)
@click.option(
    "--check", is_flag=True, help="Check settings and project, show what it can do, and end. Needs no credentials."
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve /metrics for Prometheus and /health at this port of this machine; 0 takes a free one. "
    "Also CONNECT_METRICS_PORT.",
)
@click.option("-s", "--split", is_flag=True, hidden=True, help="Has no effect; kept for older scripts.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def main(
    debug: bool,
    unsecure: bool,
    no_validate: bool,
    reload: bool,
    no_rich_logging: bool,
    json: bool,
    env_file: Path | None,
    check: bool,
    metrics_port: int | None,
    split: bool,
) -> None:
    """Run the extension in the current directory: connect to the platform and process its tasks.

    Needs API_KEY and ENVIRONMENT_ID, from the environment, from the project's env file, or from a local platform that
    knows the project. Stop it with Ctrl-C: running tasks finish first; a second Ctrl-C stops at once.
    """
    from connect_eaas.runner.launch import launch
    from connect_eaas.runner.options import Options

    options = Options(
        debug=debug,
        unsecure=unsecure,
        validate=not no_validate,
        reload=reload and not check,
        rich=not no_rich_logging,
        check=check,
        json=json,
        metrics_port=metrics_port,
        env_file=env_file.absolute() if env_file is not None else None,
    )
    sys.exit(launch(options, version=_version()))


if __name__ == "__main__":
    main()
