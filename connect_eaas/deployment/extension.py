"""Puts a git tag of an extension into an environment, step by step as in ``reference/devops-api.md`` 5.1."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connect_eaas.deployment.environment import get_git_data, process_variables, stop_environment
from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.git import DEFAULT_CLONE_DIR, Repository, clone_repo, list_tags
from connect_eaas.deployment.manifest import Manifest, extract_arguments
from connect_eaas.deployment.service import (
    ClientError,
    create_extension,
    find_extension,
    get_category,
    said,
    update_extension,
)
from connect_eaas.deployment.versions import sort_tags
from connect_eaas.errors import SdkError

__all__ = ["Deployment", "choose_tag", "deploy", "deploy_extension"]


@dataclass(frozen=True)
class Deployment:
    """What came of a deployment. ``action`` is what was done last: ``started``, ``configured`` or ``unchanged``."""

    extension_id: str
    environment_id: str
    tag: str
    commit: str
    status: str
    action: str
    created: bool
    variables: tuple[str, ...] = ()


def deploy(
    repo: str,
    client: Any,
    log: Callable[[str], None],
    tag: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Deployment:
    """Deploy a tag of a repository into the environment that its manifest names.

    Args:
        repo: URL of the repository; credentials in it are sent apart and never shown.
        client: plain API client of the account.
        log: takes lines of progress for people.
        tag: a version's tag; None takes the newest.
        environment: values of variables that the manifest leaves open; the process's environment by default.

    Raises:
        DeploymentError: it stopped; says where and what to do.
        MissingExtraError: the extra that reads the manifest is not installed.
    """
    repository = Repository.of(repo)
    log(f"Reading the tags of {repository}.")
    chosen = choose_tag(list_tags(repository), tag)
    with tempfile.TemporaryDirectory(prefix="connect-deploy-") as folder:
        directory = Path(folder) / DEFAULT_CLONE_DIR
        log(f"Fetching {chosen}.")
        commit = clone_repo(repository, chosen, directory)
        manifest = extract_arguments(directory, environment)
    extension, created = _extension(client, manifest, log)
    return _into_environment(client, manifest, extension, get_git_data(repository, chosen, commit), log, created)


def deploy_extension(repo: str, client: Any, log: Callable[[str], None], tag: str | None = None) -> bool:
    """``deploy`` for existing tools: errors become lines of the log.

    Returns:
        True if the extension was deployed.
    """
    try:
        deploy(repo, client, log, tag)
    except SdkError as error:
        log(f"Error: {error}")
        return False
    return True


def choose_tag(tags: Mapping[str, str], wanted: str | None = None) -> str:
    """Return the tag to deploy: the one that is wanted, else the newest version.

    Raises:
        DeploymentError: no tag is a version, or the wanted one is none of them; lists them.
    """
    versions = sort_tags(tags)
    if not versions:
        raise DeploymentError("the repository has no tag that is a version (such as 1.2 or v1.2.3): push one")
    if wanted is None:
        return str(versions[0])
    if wanted not in versions:
        listed = ", ".join(versions[:20]) + (", …" if len(versions) > 20 else "")
        raise DeploymentError(f"the repository has no version's tag {wanted!r}; there are: {listed}")
    return wanted


def _extension(client: Any, manifest: Manifest, log: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    found = find_extension(client, manifest.package_id)
    category = get_category(client, manifest.category)
    if manifest.category and category is None:
        log(f"There is no category {manifest.category!r}: it is left out.")
    if found is not None:
        log(f"Updating {found['id']} ({manifest.package_id}).")
        return update_extension(client, found["id"], manifest, category), False
    extension = create_extension(client, manifest, category)
    log(f"Created {extension['id']} ({manifest.package_id}).")
    return extension, True


def _into_environment(
    client: Any,
    manifest: Manifest,
    extension: dict[str, Any],
    git: dict[str, Any],
    log: Callable[[str], None],
    created: bool,
) -> Deployment:
    present = extension["environments"][manifest.env]
    name = f"{present['id']} ({manifest.env})"
    if present["runtime"] == "local" and present["status"] == "connected":
        raise DeploymentError(
            f"{name} runs in Local mode and a runner is connected: stop that runner (cextrun), then deploy again"
        )
    resource = client("devops").services[extension["id"]].environments[present["id"]]
    variables = process_variables(resource, manifest.variables)
    if variables:
        log(f"Set the variables {', '.join(variables)}.")
    status, action = present["status"], "unchanged"
    try:
        if (present.get("git") or {}).get("commit") != git["commit"] or present["runtime"] == "local":
            if status in ("running", "deploying"):
                stop_environment(resource, log)
            log(f"Setting {name} to {git['tag']} ({git['commit'][:12]}), Cloud mode.")
            status = resource.update({"git": git, "runtime": "cloud"})["status"]
        if status not in ("running", "deploying"):
            log(f"Starting {name}.")
            status, action = resource("start").post()["status"], "started"
        elif variables:
            log(f"Applying the configuration of {name}.")
            status, action = resource("update-config").post()["status"], "configured"
    except ClientError as error:
        raise DeploymentError(f"{name}: {said(error)}") from error
    log(f"{name} is {status}.")
    return Deployment(
        extension_id=extension["id"],
        environment_id=present["id"],
        tag=git["tag"],
        commit=git["commit"],
        status=status,
        action=action,
        created=created,
        variables=tuple(variables),
    )
