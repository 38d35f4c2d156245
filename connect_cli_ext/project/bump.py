"""``ccli project extension bump``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version as installed_version
from pathlib import Path

import click

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.output import output_option, print_rows
from connect_cli_ext.project import pins
from connect_cli_ext.project.changes import Changes, recover
from connect_cli_ext.project.hold import held
from connect_cli_ext.project.marker import read_marker
from connect_cli_ext.project.pins import TOMLDecodeError
from connect_cli_ext.project.requirement import DISTRIBUTION, is_version
from connect_cli_ext.settings import current_settings

__all__ = ["bump"]

_COMPOSE = ("compose*.y*ml", "docker-compose*.y*ml")
_DOCKERFILES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile")
_CONTAINERS = ("Dockerfile", "docker-compose.yml")
_REQUIREMENTS = ("constraints*.txt", "requirements*.txt")
_LOCKS = {"poetry.lock": "poetry lock", "uv.lock": "uv lock"}


def _version(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_version(value):
        raise click.BadParameter(f"'{value}' is no version; an example is 1.2.0")
    return value


@click.command()
@click.argument("folder", metavar="[PROJECT_DIR]", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option(
    "-p",
    "--project-dir",
    "option",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project, as the argument says it too.",
)
@click.option(
    "--to", "target", metavar="VERSION", callback=_version, help="Which version. Default: the installed SDK's."
)
@click.option(
    "--runner",
    metavar="TAG",
    help="Also put this tag on images of the public connect-extension-runner, which has versions of its own.",
)
@click.option(
    "--allow-missing", is_flag=True, help="Go on although a Dockerfile or compose file that belongs there is missing."
)
@click.option("--check", is_flag=True, help="Change nothing; end with status 1 if something would change.")
@output_option
@click.pass_context
def bump(
    context: click.Context,
    folder: Path | None,
    option: Path | None,
    target: str | None,
    runner: str | None,
    allow_missing: bool,
    check: bool,
    output: str,
) -> None:
    """Put the SDK's version into the files of the project in PROJECT_DIR (this folder, if left out).

    Changed are requirements in pyproject.toml, constraints.txt and requirements files, the SDK's images, pip lines and
    build arguments in Dockerfiles, and image tags in compose files. Comments, quotes and order stay as they are. All of
    it is written, or nothing. A file that should be there and is not is an error.

    \b
    ccli project extension bump
    ccli project extension bump my_extension --to 1.2.0
    ccli project extension bump --check        # in CI
    """
    if folder is not None and option is not None:
        raise click.UsageError("give PROJECT_DIR or --project-dir, not both")
    settings = current_settings()
    project = folder or option or Path()
    if not project.is_dir():
        raise FileError(project, "no such folder")
    version = target or installed_version(DISTRIBUTION)
    context.with_resource(held(project))
    for path in recover(project):
        click.echo(f"An interrupted command had changed {path}; that was taken back.", err=True)
    before = dict(_texts(project))
    if "pyproject.toml" not in before:
        raise FileError(project.resolve() / "pyproject.toml", "no such file; name the folder of a project")
    missing = tuple(_missing(project))
    if missing and not allow_missing:
        raise CommandError(
            "\n".join([*missing, "Nothing was changed. Bring it back, or go on without it: --allow-missing"])
        )
    after = {path: _bumped(project, path, before, version, runner) for path in before}
    changes = Changes()
    rows = []
    for path in before:
        if after[path] != before[path]:
            changes.write(path, after[path])
            rows += [{"file": path, **row} for row in _lines(before[path], after[path])]
    if not check:
        changes.apply(project)
    if output == "json":
        print_rows(rows, {}, "json")
    else:
        _tell(rows, before, version, check, settings.say)
        for note in _notes(project, before, runner, bool(rows)):
            settings.say(note)
    if check and rows:
        context.exit(1)


def _texts(project: Path) -> Iterator[tuple[str, str]]:
    for pattern in ("pyproject.toml", *_REQUIREMENTS, *_DOCKERFILES, *_COMPOSE):
        for path in sorted(project.glob(pattern)):
            if path.is_file():
                yield path.name, _read(path)
    yield from _pointed_at(project)


def _pointed_at(project: Path) -> Iterator[tuple[str, str]]:
    """Yield the Dockerfiles elsewhere in the project that services are built from."""
    for _, file in _built_from(project):
        if file.is_file() and file.resolve().is_relative_to(project.resolve()):
            yield file.resolve().relative_to(project.resolve()).as_posix(), _read(file)


def _built_from(project: Path) -> Iterator[tuple[str, Path]]:
    """Yield what services of the compose files are built from: where that is said, and the Dockerfile."""
    import yaml

    for pattern in _COMPOSE:
        for path in sorted(project.glob(pattern)):
            try:
                document = yaml.safe_load(_read(path))
            except yaml.YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                place = f"line {mark.line + 1}: " if mark is not None else ""
                raise FileError(path, f"{place}no YAML: {getattr(error, 'problem', None) or error}") from error
            services = document.get("services") if isinstance(document, dict) else None
            for name, service in services.items() if isinstance(services, dict) else ():
                build = service.get("build") if isinstance(service, dict) else None
                if isinstance(build, str):
                    build = {"context": build}
                if not isinstance(build, dict) or "dockerfile_inline" in build:
                    continue
                context, file = str(build.get("context") or "."), str(build.get("dockerfile") or "Dockerfile")
                # Repositories, and what variables say, are not for us to look into.
                if "://" not in context and "$" not in f"{context}{file}" and not context.startswith("git@"):
                    yield f"{path.name}, service {name}", project / context / file


def _missing(project: Path) -> Iterator[str]:
    """Yield what is not there although something says that it is: a service, or the list of what was made."""
    told: set[Path] = set()
    for who, file in _built_from(project):
        if not file.is_file() and file not in told:
            told.add(file)
            yield f"{file}: no such file, although it is named in {who}"
    marker = read_marker(project)
    for name in _CONTAINERS if marker is not None else ():
        file = project / name
        if marker is not None and name in marker.files and not file.is_file() and file not in told:
            yield f"{file}: no such file, although the project was made with it"


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise FileError(path, f"cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise FileError(path, "is not in UTF-8") from error


def _bumped(project: Path, path: str, texts: dict[str, str], version: str, runner: str | None) -> str:
    name = path.rpartition("/")[2]
    text = texts[path]
    if name == "pyproject.toml":
        try:
            return pins.in_pyproject(text, version)
        except TOMLDecodeError as error:
            raise FileError(project / path, f"is no TOML: {error}") from error
        except ValueError as error:
            raise FileError(project / path, str(error)) from error
    if name.endswith(".txt"):
        return pins.in_constraints(text, version)
    if name.endswith((".yml", ".yaml")):
        arguments = frozenset[str]().union(
            *(pins.build_arguments(other) for key, other in texts.items() if "Dockerfile" in key)
        )
        return pins.in_compose(text, version, runner, arguments)
    return pins.in_dockerfile(text, version, runner)


def _lines(before: str, after: str) -> Iterator[dict[str, object]]:
    # A version never brings or takes a line, so lines answer each other one to one.
    for number, (old, new) in enumerate(zip(before.splitlines(), after.splitlines(), strict=True), 1):
        if old != new:
            yield {"line": number, "before": old.strip(), "after": new.strip()}


def _tell(
    rows: list[dict[str, object]], texts: dict[str, str], version: str, check: bool, say: Callable[[str], None]
) -> None:
    if not rows:
        named = any(DISTRIBUTION in text for text in texts.values())
        what = f"the project is on {DISTRIBUTION} {version} already, or names no version of it"
        say(f"Nothing to change: {what if named else f'no file of the project names {DISTRIBUTION}'}.")
        return
    for row in rows:
        say(f"{row['file']}:{row['line']}")
        say(click.style(f"  - {row['before']}", fg="red"))
        say(click.style(f"  + {row['after']}", fg="green"))
    files = len({row["file"] for row in rows})
    verb = "would be" if check else "are" if files > 1 else "is"
    say(f"{files} {'files' if files > 1 else 'file'} {verb} on {DISTRIBUTION} {version}{'' if check else ' now'}.")


def _notes(project: Path, texts: dict[str, str], runner: str | None, changed: bool) -> Iterator[str]:
    if runner is None:
        for path, text in texts.items():
            for number, line in enumerate(text.splitlines(), 1):
                if f"{pins.PUBLIC_IMAGE}:" in line and not line.lstrip().startswith("#"):
                    yield f"{path}:{number} is an image of the public runner and stays; --runner TAG changes it."
    if changed:
        for name, command in _LOCKS.items():
            if (project / name).is_file():
                yield f"{name} still has the old version: run '{command}'."
