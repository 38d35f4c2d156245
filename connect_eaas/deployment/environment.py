"""One environment of the extension on the platform: variables, repository, start and stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.git import Repository
from connect_eaas.deployment.manifest import VariableValue
from connect_eaas.deployment.service import ClientError, said

__all__ = ["STOP_TIMEOUT_S", "get_git_data", "process_variables", "stop_environment"]

STOP_TIMEOUT_S: Final = 120
"""How long a running environment may take to stop, in seconds."""


def process_variables(environment: Any, wanted: Mapping[str, VariableValue]) -> list[str]:
    """Create and update the environment's variables; those that the manifest does not name are left alone.

    The platform does not tell the values of secured variables, so these are always sent and count as changed. What
    is secured on the platform stays so.

    Args:
        environment: the resource of the environment in an API client.

    Returns:
        Names of the variables that changed.

    Raises:
        DeploymentError: the platform refused; names the variable.
    """
    variables = environment.variables
    try:
        present = {variable["name"]: variable for variable in variables.all()} if wanted else {}
    except ClientError as error:
        raise DeploymentError(f"the variables cannot be listed: {said(error)}") from error
    changed = []
    for name, variable in wanted.items():
        known = present.get(name)
        secure = variable.secure or bool(known and known["secure"])
        if known and not secure and known["value"] == variable.value:
            continue
        try:
            if known:
                variables[known["id"]].update({"value": variable.value, "secure": secure})
            else:
                variables.create({"name": name, "value": variable.value, "secure": secure})
        except ClientError as error:
            raise DeploymentError(f"the variable {name} was refused: {said(error)}") from error
        changed.append(name)
    return changed


def get_git_data(repository: Repository, tag: str, commit: str) -> dict[str, Any]:
    """Return the repository's settings as the platform takes them; credentials go apart from the URL."""
    settings: dict[str, Any] = {"url": repository.url, "tag": tag, "commit": commit}
    if repository.username:
        settings["auth"] = {"username": repository.username, "password": repository.password}
    return settings


def stop_environment(
    environment: Any,
    log: Callable[[str], None],
    *,
    timeout_s: int = STOP_TIMEOUT_S,
    pause: Callable[[float], object] | None = None,
) -> None:
    """Stop a running environment and wait until it has stopped (or failed to run).

    The platform has no way to tell, so it is asked once a second.

    Args:
        environment: the resource of the environment in an API client.
        log: takes lines for people.
        timeout_s: how long it may take, in seconds.
        pause: waits for that many seconds.

    Raises:
        DeploymentError: the platform refused, or the environment still runs after ``timeout_s``.
    """
    wait = pause or threading.Event().wait
    log("Stopping the environment.")
    try:
        status = environment("stop").post()["status"]
        for _ in range(timeout_s):
            if status in ("stopped", "errored", "uninitialized"):
                return
            wait(1.0)
            status = environment.get()["status"]
    except ClientError as error:
        raise DeploymentError(f"the environment cannot be stopped: {said(error)}") from error
    raise DeploymentError(
        f"the environment is still {status} after {timeout_s} seconds; deploy again when it is stopped"
    )
