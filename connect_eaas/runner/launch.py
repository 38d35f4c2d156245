"""From the command line to a running supervisor: settings, the project's applications, and the exit status."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from connect_eaas import pydantic1
from connect_eaas.runner import console
from connect_eaas.runner.control import CheckSpec, WorkerSpec
from connect_eaas.runner.errors import ExtensionError, RunnerError
from connect_eaas.runner.extension import find_entry_points
from connect_eaas.runner.features import FeatureTable
from connect_eaas.runner.kinds import kinds_of, unserved
from connect_eaas.runner.options import Options, Reading
from connect_eaas.runner.proxies import without_proxy_for
from connect_eaas.runner.settings import Settings, read_settings
from connect_eaas.runner.state_dir import Slot, container_id, open_slot, state_root
from connect_eaas.runner.surroundings import gather

__all__ = ["launch", "read_project"]

_RELOAD_PATIENCE_S: Final = "10"
_log = logging.getLogger("connect.eaas.runner")


def launch(options: Options, *, version: str) -> int:
    """Run what was asked for.

    Returns:
        The exit status: 0 after a stop that was asked for; see ``connect_eaas.runner.errors`` for the others.
    """
    from connect_eaas.runner.supervisor import Supervisor

    console.configure_logging(options.logs)
    environment = dict(os.environ)
    if options.reload:
        environment.setdefault("CONNECT_STOP_TIMEOUT", _RELOAD_PATIENCE_S)
    if options.metrics_port is not None:
        environment["CONNECT_METRICS_PORT"] = str(options.metrics_port)
    project = Path.cwd()

    def read(earlier: Reading | None) -> Reading:
        return read_project(options, environment, project, version=version, earlier=earlier)

    try:
        return Supervisor(options, read, project=project, version=version).run()
    except RunnerError as error:
        console.problem(str(error))
        return error.exit_status


def read_project(
    options: Options, environment: dict[str, str], project: Path, *, version: str, earlier: Reading | None = None
) -> Reading:
    """Read settings and entry points; nothing of the extension is imported.

    Args:
        options: what was asked for.
        environment: the real environment variables.
        project: the extension's directory.
        version: of the runner.
        earlier: the reading before this one, whose slot and instance are kept.

    Raises:
        RunnerError: a setting is wrong, or there is no application.
    """
    surroundings = gather(environment, project, env_file=options.env_file, credentials_needed=not options.check)
    for note in surroundings.notes:
        if earlier is None or note not in earlier.notes:
            _log.info("%s", note)
    settings = read_settings(
        surroundings.variables,
        unsecure=options.unsecure,
        credentials_needed=not options.check,
        origins=surroundings.origins,
    )
    if options.unsecure and earlier is None:
        _log.warning("--unsecure: the connection to %s is not encrypted", settings.websocket_url)
    found = find_entry_points(project)
    kinds = kinds_of(found.applications)
    others = unserved(found.applications)
    if not kinds:
        raise ExtensionError(f"{found.source}: of its applications ({', '.join(others)}) none can be served")
    if others:
        _log.warning("not served by this version: %s", ", ".join(others))
    _tell_old_models(project, surroundings.variables, found.applications.values())
    same = earlier is not None and earlier.settings.environment_id == settings.environment_id
    if earlier is not None and same:
        slot, instance_id = earlier.slot, earlier.specs[0].instance_id
        instance_id = settings.instance_id or instance_id
    else:
        slot = None if options.check else _slot(settings, environment)
        instance_id = settings.instance_id or container_id() or _kept_instance_id(slot)
    variables = dict(surroundings.variables)
    if settings.local_api_host is not None:
        # A proxy would look for it on its own machine.
        variables = without_proxy_for(variables, settings.local_api_host)
    specs = tuple(
        WorkerSpec(
            kind=kind.name,
            reference=found.applications[kind.application],
            source=found.source,
            project=project,
            settings=settings,
            variables=variables,
            validate=options.validate,
            logs=options.logs,
            version=version,
            instance_id=instance_id,
            slot=slot.path if slot is not None else None,
        )
        for kind in kinds
    )
    # An installed extension comes without the files that the rules are about.
    own = options.validate and found.source == str(project / "pyproject.toml")
    return Reading(
        settings,
        specs,
        slot,
        _overview(settings, dict(found.applications), found.source),
        CheckSpec(project, dict(surroundings.variables), options.check, options.logs) if own else None,
        surroundings.notes,
    )


def _tell_old_models(project: Path, variables: Mapping[str, str], references: Iterable[str]) -> None:
    """Say aloud, once for all processes, that models work as under pydantic 1.

    Raises:
        ExtensionError: the switch is neither on nor off.
    """
    try:
        wanted = pydantic1.is_wanted(project, variables)
    except ValueError as error:
        raise ExtensionError(str(error)) from error
    if wanted:
        packages = ", ".join(sorted(pydantic1.own_packages(project, references)))
        _log.warning("models of %s work as under pydantic 1, as you asked for", packages)


def _overview(settings: Settings, applications: dict[str, str], source: str) -> FeatureTable:
    rows = [
        ("environment", settings.environment_id or "ENVIRONMENT_ID is not set"),
        ("API key", "set" if settings.api_key else "API_KEY is not set"),
        ("session", settings.websocket_url),
        ("API", settings.api_url),
        *((name, reference) for name, reference in sorted(applications.items())),
        ("found in", source),
    ]
    return FeatureTable("Runner", ("What", "Value"), tuple(rows))


def _slot(settings: Settings, environment: dict[str, str]) -> Slot | None:
    root = settings.state_dir or state_root(environment)
    try:
        return open_slot(root, settings.environment_id)
    except OSError as error:
        _log.warning("nothing is kept on disk: %s", error)
        return None


def _kept_instance_id(slot: Slot | None) -> str:
    if slot is not None:
        try:
            return slot.instance_id()
        except OSError as error:
            _log.warning("the instance's id is not kept: %s", error)
    return str(uuid.uuid4())
