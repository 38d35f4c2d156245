"""``ccli account``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connect_cli_ext.accounts.remote import RemoteApi, normalized_endpoint, normalized_key
from connect_cli_ext.accounts.store import DEFAULT_ENDPOINT, Account, AccountStore
from connect_cli_ext.discovery import find_local_platform
from connect_cli_ext.errors import CommandError, RemoteError
from connect_cli_ext.lazy import LazyGroup
from connect_cli_ext.output import output_option, print_rows
from connect_cli_ext.settings import current_settings

__all__ = ["account"]


@click.group(cls=LazyGroup)
def account() -> None:
    """Add, list, activate and remove accounts of the platform."""


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
@click.argument("account_id")
def activate(account_id: str) -> None:
    """Make ACCOUNT_ID the active account."""
    settings = current_settings()
    chosen = AccountStore(settings.config_dir).activate(account_id)
    settings.say(f"Account {chosen.id} ({chosen.name}) is active.")


@account.command()
@click.argument("account_id")
def remove(account_id: str) -> None:
    """Forget ACCOUNT_ID and its key."""
    settings = current_settings()
    store = AccountStore(settings.config_dir)
    removed = store.remove(account_id)
    active = store.active
    settings.say(f"Account {removed.id} ({removed.name}) removed.")
    if active is not None:
        settings.say(f"Active now: {active.id} ({active.name}).")
