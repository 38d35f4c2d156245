"""Who calls an extension's web application, as the application is told."""

from __future__ import annotations

from dataclasses import dataclass

from connect_devops.api.errors import forbidden
from connect_devops.domain.account import Account, Identity
from connect_devops.services.container import Services
from connect_devops.services.environments import Environment
from connect_devops.services.installations import Installation
from connect_devops.services.web_calls import Caller

__all__ = ["Visitor", "key_caller", "visiting_caller"]


@dataclass(frozen=True)
class Visitor:
    """Whom a page of an environment is shown to: the account of an installation, or the extension's owner."""

    environment_id: str
    installation_id: str | None = None


def key_caller(services: Services, environment: Environment, identity: Identity) -> Caller:
    """Say who an API key is to the extension: its owner, or an account that installed it.

    Raises:
        ApiError: 403, the account is neither.
    """
    installation = _installation(services, environment, identity)
    owner = identity.account.id == environment.owner_id and identity.installation_id is None
    if installation is None and not owner:
        raise forbidden(f"{identity.account.id} has not installed {environment.extension_name} ({environment.type}).")
    return _caller(services, environment, identity.account, installation, user_id=identity.key_id, source="api")


def visiting_caller(services: Services, environment: Environment, visitor: Visitor) -> Caller:
    """Say who looks at a page, as the platform's user interface does.

    Raises:
        ApiError: 403, the installation has ended since, or belongs to another environment.
        NotFoundError: it does not exist any more.
    """
    installation = None
    account = services.accounts.get(environment.owner_id)
    if visitor.installation_id is not None:
        installation = services.installations.get(visitor.installation_id)
        account = installation.owner
        if installation.environment_id != environment.id or installation.status != "installed":
            raise forbidden(f"{installation.id} is no installation of {environment.id} any more; choose another one.")
    # A user of the account; the local platform knows accounts only.
    user_id = f"UR-{account.id.partition('-')[2]}-001"
    return _caller(services, environment, account, installation, user_id=user_id, source="ui")


def _caller(
    services: Services,
    environment: Environment,
    account: Account,
    installation: Installation | None,
    *,
    user_id: str,
    source: str,
) -> Caller:
    return Caller(
        api_key=services.installations.api_key(installation.id) if installation is not None else None,
        installation_id=installation.id if installation is not None else None,
        user_id=user_id,
        account_id=account.id,
        account_role=account.role,
        call_type="admin" if account.id == environment.owner_id else "user",
        call_source=source,
    )


def _installation(services: Services, environment: Environment, identity: Identity) -> Installation | None:
    """The caller's installation of this environment, if there is one."""
    installations = services.installations.page(extension_id=environment.extension_id, owner_id=identity.account.id)
    for installation in installations.items:
        if (
            installation.environment_id == environment.id
            and installation.status == "installed"
            and identity.installation_id in (None, installation.id)
        ):
            return installation
    return None
