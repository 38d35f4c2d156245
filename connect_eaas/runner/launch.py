"""From the command line to a running worker: settings, extension, validation, logs, and the exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from connect_eaas.declarations import DeclarationError, Declarations
from connect_eaas.runner import console
from connect_eaas.runner.errors import ExtensionError, RunnerError
from connect_eaas.runner.extension import EntryPoints, find_entry_points, load_application
from connect_eaas.runner.project_check import check_project
from connect_eaas.runner.settings import Settings, read_settings
from connect_eaas.runner.state_dir import Slot, container_id, open_slot, state_root
from connect_eaas.runner.surroundings import gather

__all__ = ["Options", "launch"]

_T = TypeVar("_T")
_log = logging.getLogger("connect.eaas.runner")


@dataclass(frozen=True)
class Options:
    """What ``cextrun`` was asked for."""

    debug: bool = False
    unsecure: bool = False
    validate: bool = True
    reload: bool = False
    rich: bool = True
    check: bool = False
    env_file: Path | None = None
    stop_at_eof: bool = False

    def arguments(self) -> list[str]:
        """The same as command line, without the reload."""
        flags = {
            "--debug": self.debug,
            "--unsecure": self.unsecure,
            "--no-validate": not self.validate,
            "--no-rich-logging": not self.rich,
        }
        chosen = [flag for flag, wanted in flags.items() if wanted]
        return [*chosen, "--env-file", str(self.env_file)] if self.env_file is not None else chosen


def launch(options: Options, *, version: str) -> int:
    """Run what was asked for.

    Returns:
        The exit status: 0 after a stop that was asked for; see ``connect_eaas.runner.errors`` for the others.
    """
    console.configure_logging(debug=options.debug, rich=options.rich and sys.stderr.isatty())
    try:
        if options.reload:
            from connect_eaas.runner.reload import run_with_reload

            return _run(run_with_reload(options.arguments(), Path.cwd()))
        return _launch(options, version)
    except RunnerError as error:
        console.problem(str(error))
        return error.exit_status


def _launch(options: Options, version: str) -> int:
    project = Path.cwd()
    surroundings = gather(os.environ, project, env_file=options.env_file)
    for note in surroundings.notes:
        _log.info("%s", note)
    # The extension's own code, and the clients' libraries, read their variables where they always do.
    os.environ.update(surroundings.variables)
    settings = read_settings(surroundings.variables, unsecure=options.unsecure)
    if options.unsecure:
        _log.warning("--unsecure: the connection to %s is not encrypted", settings.websocket_url)
    found = find_entry_points(project)
    if options.validate and found.source == str(project / "pyproject.toml"):
        check_project(project, everything=options.check)
    declarations = _load(found, validate=options.validate)
    console.print_features(declarations, rich=options.rich and sys.stdout.isatty())
    if options.check:
        return 0
    return _run(_serve(options, settings, declarations, version))


def _load(found: EntryPoints, *, validate: bool) -> Declarations:
    reference = found.applications.get("eventsapp")
    others = sorted(set(found.applications) - {"eventsapp"})
    if reference is None:
        raise ExtensionError(
            f"{found.source}: no events application (eventsapp), others ({', '.join(others)}) are not served yet"
        )
    if others:
        _log.warning("not served by this version: %s", ", ".join(others))
    application = load_application("eventsapp", reference, source=found.source)
    try:
        if validate:
            return Declarations.of(application)
        declarations, problems = Declarations.inspect(application)
    except DeclarationError as error:
        listed = "\n".join(f"  {line}" for line in map(str, error.problems))
        raise ExtensionError(f"the extension's declarations are wrong:\n{listed}") from error
    for item in problems:
        _log.warning("not validated: %s", item)
    return declarations


async def _serve(options: Options, settings: Settings, declarations: Declarations, version: str) -> int:
    from connect_eaas.runner.signals import signals_handled, stop_at_eof
    from connect_eaas.runner.worker import Worker

    slot = _slot(settings)
    try:
        instance_id = settings.instance_id or container_id() or _kept_instance_id(slot)
        _log.info(
            "connect-extension-sdk %s serves %s as instance %s, process %d",
            version,
            settings.environment_id,
            instance_id,
            os.getpid(),
        )
        worker = Worker(
            settings, declarations, instance_id=instance_id, version=version, slot=slot, debug=options.debug
        )
        if options.stop_at_eof:
            stop_at_eof(worker.stop)
        with signals_handled(worker.stop):
            report = await worker.run()
        _log.info("%s", report)
        return 1 if worker.stop.forced.is_set() else 0
    finally:
        if slot is not None:
            slot.close()


def _slot(settings: Settings) -> Slot | None:
    root = settings.state_dir or state_root(os.environ)
    try:
        return open_slot(root, settings.environment_id)
    except OSError as error:
        _log.warning("nothing is kept on disk: %s", error)
        return None


def _kept_instance_id(slot: Slot | None) -> str:
    import uuid

    if slot is not None:
        try:
            return slot.instance_id()
        except OSError as error:
            _log.warning("the instance's id is not kept: %s", error)
    return str(uuid.uuid4())


def _run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)
