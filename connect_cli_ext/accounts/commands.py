"""``ccli account``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from connect_cli_ext.accounts.remote import RemoteApi, normalized_endpoint, normalized_key
from connect_cli_ext.accounts.store import DEFAULT_ENDPOINT, Account, AccountStore, UnknownAccountError
from connect_cli_ext.completion import account_ids
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError, RemoteError
from connect_cli_ext.lazy import LazyGroup
from connect_cli_ext.output import output_option, print_rows
from connect_cli_ext.settings import current_settings

__all__ = ["account"]


@click.group(cls=LazyGroup)
def account() -> None:
    """Add, list, activate, refresh and remove accounts of the platform.

    \b
    ccli account add "ApiKey SU-…:…"
    ccli account list -o json
    ccli account activate VA-000-000
    """


@account.command()
@click.argument("api_key", metavar="[API_KEY]", required=False)
@click.option("-e", "--endpoint", default=DEFAULT_ENDPOINT, show_default=True, help="Address of the API.")
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate authority of the server. A running local platform's is found without it.",
)
def add(api_key: str | None, endpoint: str, ca_file: Path | None) -> None:
    """Add the account that API_KEY belongs to.

    API_KEY is the whole text "ApiKey SU-…:…". It is asked for when left out, and read from standard input when it is
    "-", so that it needs to be neither on the screen nor in the shell's history. The first account becomes the active
    one; adding an account again replaces it.
    """
    settings = current_settings()
    if api_key is None:
        if not sys.stdin.isatty():
            raise CommandError("no API key: give it in quotes, or '-' to read it from standard input")
        api_key = str(click.prompt("API key", hide_input=True, err=True))
    elif api_key == "-":
        api_key = sys.stdin.readline()
    key = normalized_key(api_key or "")
    address = normalized_endpoint(endpoint)
    store = AccountStore(settings.config_dir)
    authority = str(ca_file.resolve()) if ca_file else _local_authority(address)
    api = RemoteApi(address, key, authority, verbose=settings.verbose)
    found = api.collection("accounts", limit=1)
    if not found:
        raise CommandError("this API key sees no account: give its token the permissions of its account")
    identifier, name = found[0].get("id"), found[0].get("name")
    if not isinstance(identifier, str) or not identifier:
        raise RemoteError(f"{address}/accounts", "the account in the answer has no id")
    added = Account(identifier, name if isinstance(name, str) and name else identifier, address, key, authority)
    replaced = store.add(added)
    state = "active" if store.active_id == added.id else f"not active: run 'ccli account activate {added.id}'"
    settings.say(f"Account {added.id} ({added.name}) {'replaced' if replaced else 'added'}; {state}.")


def _local_authority(endpoint: str) -> str | None:
    platform = find_local_platform()
    return platform.ca_file if platform is not None and platform.serves(endpoint) else None


@account.command("list")
@output_option
def list_accounts(output: str) -> None:
    """List the stored accounts. Keys are not shown."""
    store = AccountStore(current_settings().config_dir)
    if not store.accounts and output == "table":
        raise CommandError("no account is stored: run 'ccli account add'")
    rows = [
        {"id": item.id, "name": item.name, "endpoint": item.endpoint, "active": item.id == store.active_id}
        for item in store.accounts
    ]
    print_rows(rows, {"id": "ID", "name": "Name", "endpoint": "Endpoint", "active": "Active"}, output)


@account.command()
@click.argument("account_id", shell_complete=account_ids)
def activate(account_id: str) -> None:
    """Make ACCOUNT_ID the active account."""
    settings = current_settings()
    chosen = AccountStore(settings.config_dir).activate(account_id)
    settings.say(f"Account {chosen.id} ({chosen.name}) is active.")


@account.command()
@click.argument("account_id", required=False, shell_complete=account_ids)
def refresh(account_id: str | None) -> None:
    """Ask the platform for the name of ACCOUNT_ID (of every stored account, if left out), and so whether its key works.

    Every account is asked, also after one that failed; ends with status 1 if any did.
    """
    settings = current_settings()
    store = AccountStore(settings.config_dir)
    chosen = [item for item in store.accounts if account_id in (None, item.id)]
    if not chosen:
        known = tuple(item.id for item in store.accounts)
        raise (
            UnknownAccountError(account_id, known)
            if account_id
            else CommandError("no account is stored: run 'ccli account add'")
        )
    failures = 0
    for item in chosen:
        try:
            name = _name_of(item, verbose=settings.verbose)
        except CommandError as error:
            click.secho(f"{item.id}: {error.message}", err=True, fg="red")
            failures += 1
            continue
        if name == item.name:
            settings.say(f"{item.id} ({name}): its key works, nothing has changed.")
        else:
            store.add(replace(item, name=name))
            settings.say(f"{item.id}: was {item.name}, is {name} now.")
    if failures:
        raise CommandError(f"{failures} of {len(chosen)} accounts could not be refreshed")


def _name_of(stored: Account, *, verbose: bool) -> str:
    api = RemoteApi(stored.endpoint, stored.api_key, stored.ca_file, verbose=verbose)
    found = api.collection("accounts", limit=1)
    identifier = found[0].get("id") if found else None
    if identifier != stored.id:
        raise CommandError(f"its key belongs to {identifier or 'no account'} now; add or remove it")
    name = found[0].get("name")
    return name if isinstance(name, str) and name else stored.id


@account.command()
@click.argument("account_id", shell_complete=account_ids)
def remove(account_id: str) -> None:
    """Forget ACCOUNT_ID and its key."""
    settings = current_settings()
    store = AccountStore(settings.config_dir)
    removed = store.remove(account_id)
    active = store.active
    settings.say(f"Account {removed.id} ({removed.name}) removed.")
    if active is not None:
        settings.say(f"Active now: {active.id} ({active.name}).")
