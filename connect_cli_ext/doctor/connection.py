"""Checks of what needs the network: the active account, its clock, and a project's environment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from connect_cli_ext.accounts.remote import API_PATH, RemoteApi
from connect_cli_ext.accounts.store import AccountStore
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.doctor.check import Check, fail, ok, warn
from connect_cli_ext.errors import CommandError, RemoteError
from connect_eaas.runner.env_file import find_env_file, read_env_file
from connect_eaas.runner.errors import SettingsError

__all__ = ["check_account", "check_environment"]

_ENVIRONMENT = re.compile(r"ENV-(\d{4}-\d{4})-\d\d")
_SKEW = timedelta(seconds=60)
_TIMEOUT_S = 10.0


def check_account(config_dir: Path, *, verbose: bool, offline: bool = False) -> Iterator[Check]:
    """Yield whether an account is active and its key opens the API, and how far the clocks are apart.

    Args:
        config_dir: where the accounts are kept.
        verbose: name each call on standard error.
        offline: look at what is stored only.
    """
    try:
        store = AccountStore(config_dir)
    except CommandError as error:
        yield fail("account", error.message, "correct the file, or move it away and add the account again")
        return
    yield from _kept_private("account", store.path)
    account = store.active
    if account is None:
        if store.accounts:
            stored = ", ".join(item.id for item in store.accounts)
            yield warn("account", f"none is active; stored: {stored}", "choose one: 'ccli account activate ID'")
        else:
            advice = "add one for deployments: 'ccli account add'; local work needs none"
            yield warn("account", "none is active", advice)
        return
    label = f"{account.id} ({account.name}) at {account.endpoint}"
    if account.ca_file is not None and not Path(account.ca_file).is_file():
        advice = "add the account again, with --ca-file if the server needs one"
        yield fail("account", f"{label}: its certificate authority {account.ca_file} is not there", advice)
    elif offline:
        yield ok("account", f"{label}, not asked")
    else:
        api = RemoteApi(account.endpoint, account.api_key, account.ca_file, verbose=verbose)
        yield from _opened(api, "account", label, "accounts")


def _kept_private(name: str, path: Path) -> Iterator[Check]:
    """Yield a warning if others may read a file with a key in it."""
    if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077:
        yield warn(name, f"{path} holds a key, and others may read it", f"keep it to yourself: chmod 600 {path}")


def _opened(api: RemoteApi, name: str, label: str, path: str) -> Iterator[Check]:
    try:
        told = api.time(path, timeout_s=_TIMEOUT_S)
    except RemoteError as error:
        if error.status == 401:
            advice = "make a new key in the Integrations module and add it: 'ccli account add'"
        else:
            advice = "check the address, the network and proxies (HTTPS_PROXY, NO_PROXY)"
        yield fail(name, f"{label}: {error.message}", advice)
        return
    yield ok(name, label)
    if told is None:
        return
    apart = datetime.now(timezone.utc) - told
    seconds = abs(round(apart.total_seconds()))
    if abs(apart) > _SKEW:
        fast = "ahead of" if apart > timedelta() else "behind"
        yield warn("clock", f"{seconds} seconds {fast} the platform's", "let this machine's clock follow a time server")
    else:
        yield ok("clock", "agrees with the platform's")


def check_environment(project: Path, *, verbose: bool, offline: bool = False) -> Iterator[Check]:
    """Yield whether the environment in a project's env file can be reached with the key there.

    With ``offline`` the file alone is looked at.
    """
    try:
        path = find_env_file(project.resolve())
        variables = read_env_file(path).variables if path is not None else {}
    except SettingsError as error:
        yield fail("environment", str(error), "correct the env file")
        return
    if path is None:
        yield warn("environment", "the project has no env file", "'ccli devops dev' makes one for the local platform")
        return
    if variables.get("API_KEY"):
        yield from _kept_private("environment", path)
    missing = [name for name in ("API_KEY", "ENVIRONMENT_ID", "SERVER_ADDRESS") if not variables.get(name)]
    if missing:
        advice = "'ccli devops dev' fills them in for the local platform; else take them from the DevOps module"
        yield warn("environment", f"{path.name} has no {', '.join(missing)}", advice)
        return
    identifier, address = variables["ENVIRONMENT_ID"], variables["SERVER_ADDRESS"]
    match = _ENVIRONMENT.fullmatch(identifier)
    if match is None:
        yield fail("environment", f"{path.name}: ENVIRONMENT_ID is '{identifier}'", "it looks like ENV-1234-5678-01")
        return
    if offline:
        yield ok("environment", f"{identifier} at {address}, not asked")
        return
    yield _environment(path, identifier, match[1], address, variables["API_KEY"], verbose=verbose)


def _environment(path: Path, identifier: str, number: str, address: str, key: str, *, verbose: bool) -> Check:
    running = find_local_platform()
    # As the runner reads it: a host, perhaps with its port, perhaps with the scheme before it.
    scheme, separator, host = address.rstrip("/").rpartition("://")
    local = host.partition(":")[0] in ("localhost", "127.0.0.1") or host.startswith("[::1]")
    if local and running is None:
        return warn("environment", f"{identifier} at {address}, which does not run", "start it: 'ccli devops dev'")
    ours = running is not None and running.serves(f"https://{host}{API_PATH}")
    if not separator:
        plain = running is not None and running.serves(f"http://{host}{API_PATH}")
        scheme = "http" if plain else "https"
    endpoint = f"{scheme}://{host}{API_PATH}"
    authority = running.ca_file if ours and running is not None else None
    api = RemoteApi(endpoint, key, authority, verbose=verbose)
    try:
        api.time(f"devops/services/SRVC-{number}/environments/{identifier}", timeout_s=_TIMEOUT_S)
    except RemoteError as error:
        if error.status == 401:
            advice = f"put the key of its account into {path.name}"
        elif error.status in (403, 404):
            advice = f"put the id of an environment of this account into {path.name}"
        else:
            advice = "check SERVER_ADDRESS, the network and proxies"
        return fail("environment", f"{identifier} at {address}: {error.message}", advice)
    return ok("environment", f"{identifier} at {address}")
