"""Builds the pages of generated projects from their sources, and puts them into the template (`make pages`).

The template carries built pages, so that projects run without Node.js. The pages of both types of projects lie in one
folder there; what both load is the same, byte for byte, or building fails.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rendered_projects import TEMPLATE, Project, render

STATIC = TEMPLATE / "{{cookiecutter.project_slug}}" / "{{cookiecutter.package_name}}" / "static"
KEPT = {".gitkeep"}
PROJECTS = {
    "multiaccount": {"application_types": "webapp"},
    "transformations": {"application_types": "webapp,tfnapp"},
}
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED")


class UnreachableError(Exception):
    """The packages that building needs cannot be fetched."""


def make_projects(folder: Path) -> dict[str, Project]:
    """Render a project with pages of each type, with the packages of Node.js installed once for all.

    Raises:
        UnreachableError: npm is missing, or has no network.
        CalledProcessError: the packages cannot be installed for another reason.
    """
    made = {
        kind: render(folder / kind, extension_type=kind, webapp_supports_ui="y", **answers)
        for kind, answers in PROJECTS.items()
    }
    first, *others = (project.path for project in made.values())
    npm(first, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    for other in others:
        (other / "node_modules").symlink_to(first / "node_modules")
    return made


def npm(project: Path, *arguments: str) -> str:
    """Run npm in a project, and return what it printed.

    Raises:
        UnreachableError: there is no npm, or no network.
        CalledProcessError: it failed; its output goes to the standard error.
    """
    command = shutil.which("npm")
    if command is None:
        raise UnreachableError("npm is not installed")
    done = subprocess.run(
        [command, "--no-update-notifier", *arguments], cwd=project, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return done.stdout
    if any(code in done.stderr for code in NO_NETWORK):
        raise UnreachableError(done.stderr.strip())
    sys.stderr.write(done.stdout + done.stderr)
    raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)


def built(project: Project) -> dict[str, bytes]:
    """Return the files of a project's ``static``, by their paths in it."""
    static = project.package / "static"
    return {path.relative_to(static).as_posix(): path.read_bytes() for path in static.rglob("*") if path.is_file()}


def main() -> None:
    """Build the pages of both types and replace those of the template."""
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, project in make_projects(Path(folder)).items():
            npm(project.path, "run", "build")
            for name, content in built(project).items():
                if found.setdefault(name, content) != content:
                    raise SystemExit(f"{name} differs between types of projects, at last in {kind}")
    for path in STATIC.rglob("*"):
        if path.is_file() and path.name not in KEPT:
            path.unlink()
    for name, content in found.items():
        target = STATIC / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    size = sum(map(len, found.values()))
    sys.stdout.write(f"{len(found)} files of together {size // 1024} KB are in {STATIC}\n")


if __name__ == "__main__":
    main()
