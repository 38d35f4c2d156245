"""``ccli project extension validate``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import output_option
from connect_cli_ext.settings import current_settings

__all__ = ["validate"]


@click.command()
@click.argument(
    "project_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
)
@output_option
def validate(project_dir: Path, output: str) -> None:
    """Check the extension project in PROJECT_DIR (this folder, if left out).

    Its applications are imported in a process of their own, and what they declare is checked: entry points, handlers,
    statuses, variables, schedules, extension.json. Ends with status 1 if there are errors. Needs no account.
    """
    settings = current_settings()
    findings = _inspect(project_dir)
    errors = sum(finding["level"] == "error" for finding in findings)
    if output == "json":
        click.echo(json.dumps(findings, indent=2))
    else:
        for finding in findings:
            place = ":".join(str(part) for part in (finding["file"], finding["line"]) if part is not None)
            colour = "red" if finding["level"] == "error" else "yellow"
            click.echo(
                f"{click.style(finding['level'], fg=colour)}  {place + ': ' if place else ''}{finding['message']}"
            )
    if errors:
        raise CommandError(f"{project_dir}: {errors} error{'s' if errors > 1 else ''}")
    if output == "table":
        settings.say(f"{project_dir}: no errors.")


def _inspect(project: Path) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="ccli-") as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(
            [sys.executable, "-m", "connect_cli_ext.project.inspection", str(project.resolve()), str(report)],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            # What the extension prints at its import is not our data.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if not report.is_file():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise CommandError(f"{project}: the extension ended the check (status {done.returncode}): {last[0]}")
        findings: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))
    return findings
