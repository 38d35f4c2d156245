"""The console script `ccli`."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence

import click

from connect_cli_ext.errors import EXIT_DEFECT, EXIT_INTERRUPTED, MissingExtraError
from connect_cli_ext.host import OUR_COMMANDS, cli

__all__ = ["main", "run"]

# Set by the shell when it asks what a half-written command line could become.
_COMPLETE = "_CCLI_COMPLETE"


def main() -> None:
    """Run `ccli` with the process's arguments, and end the process with its exit status."""
    _wait_for_slow_readers()
    sys.exit(run(sys.argv[1:]))


def _wait_for_slow_readers() -> None:
    """Where another program left its terminal or pipe non-blocking, long output would be cut off without a word."""
    for stream in (sys.stdout, sys.stderr):
        # There may be no such stream, or none that can be set.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            os.set_blocking(stream.fileno(), True)


def run(arguments: Sequence[str]) -> int:
    """Run `ccli` and return its exit status (see `connect_cli_ext.errors`)."""
    color = False if os.environ.get("NO_COLOR") else None
    # The outer context is for what is printed after the command's own has ended: errors.
    with click.Context(cli, info_name="ccli", color=color).scope():
        return _run(arguments, color)


def _run(arguments: Sequence[str], color: bool | None) -> int:
    verbose = False
    context: click.Context | None = None
    try:
        instruction = os.environ.get(_COMPLETE)
        if instruction:
            from click.shell_completion import shell_complete

            try:
                return shell_complete(cli, {}, "ccli", _COMPLETE, instruction)
            # Somebody is typing: a message would only disturb.
            except Exception:
                return 1
        with cli.make_context("ccli", list(arguments), color=color) as context:
            verbose = bool(context.params.get("verbose"))
            cli.invoke(context)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted.", err=True)
        return EXIT_INTERRUPTED
    except OSError as error:
        if error.errno != errno.EPIPE:
            return _defect(error, verbose)
        # The reader of a pipe went away: nothing is left to say, also not when the interpreter flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        command = OUR_COMMANDS.get(context.invoked_subcommand or "") if context is not None else None
        if command is None or context is None or not missing or missing.startswith("connect"):
            return _defect(error, verbose)
        # A command that imports late: the group that it is in says which extra brings its libraries.
        problem = MissingExtraError(f"ccli {context.invoked_subcommand}", missing, command.extra)
        problem.show()
        return problem.exit_code
    except Exception as error:
        return _defect(error, verbose)
    return 0


def _defect(error: Exception, verbose: bool) -> int:
    if verbose:
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
    click.secho(f"Error: unexpected {type(error).__name__}: {error}", err=True, fg="red")
    if not verbose:
        click.echo("This is a defect of the tool. 'ccli --verbose …' shows where it happened.", err=True)
    return EXIT_DEFECT
