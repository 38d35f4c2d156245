"""``ccli project extension deploy``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
import yaml  # noqa: F401  # named as missing before any work, rather than in the middle

from connect_cli_ext.accounts.store import AccountStore
from connect_cli_ext.errors import CommandError
from connect_cli_ext.output import output_option
from connect_cli_ext.settings import current_settings
from connect_eaas.client import ClientFactory
from connect_eaas.deployment.extension import deploy as deploy_tag
from connect_eaas.errors import SdkError

__all__ = ["deploy"]


@click.command()
@click.argument("repo")
@click.option("-t", "--tag", help="The version's tag to deploy. Default: the newest.")
@output_option
def deploy(repo: str, tag: str | None, output: str) -> None:
    """Deploy a git tag of the repository REPO with the active account.

    The file connect-deployment.yaml in the repository names the extension (package_id), the environment (env, default
    production) and its variables; values that it leaves out are taken from environment variables of the same names.
    The extension is made if the account has none with that package_id. Ends with status 1 if anything fails.

    \b
    ccli project extension deploy https://git.example.com/acme/sorter.git
    ccli project extension deploy git@git.example.com:acme/sorter.git --tag v1.2
    """
    settings = current_settings()
    account = AccountStore(settings.config_dir).active
    if account is None:
        raise CommandError("no account is active: run 'ccli account add' first")
    ca_file = Path(account.ca_file) if account.ca_file else None
    factory = ClientFactory(endpoint=account.endpoint, api_key=account.api_key, ca_file=ca_file)

    def say(line: str) -> None:
        if not settings.silent:
            click.echo(line, err=output == "json")

    try:
        deployment = deploy_tag(repo, factory.client(), say, tag)
    except SdkError as error:
        raise CommandError(str(error)) from error
    finally:
        factory.close()
    if output == "json":
        click.echo(json.dumps(asdict(deployment), indent=2))
