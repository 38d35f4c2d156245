"""What scripts and people need to know of the extensions on a platform: ids, secrets and addresses."""

from __future__ import annotations

from typing import Any

from connect_devops.door.door import address
from connect_devops.services.container import Services

__all__ = ["extension_facts"]


def extension_facts(services: Services, platform_url: str) -> list[dict[str, Any]]:
    """Describe every extension with its environments, for ``ccli devops info`` and the discovery file.

    Args:
        services: the platform.
        platform_url: where it listens; the extensions' own hosts have the same scheme and port.
    """
    return [
        {
            "id": extension.id,
            "name": extension.name,
            "type": extension.type,
            "environments": [
                {
                    "id": environment.id,
                    "uuid": environment.external_id,
                    "type": environment.type,
                    "status": environment.status,
                    "jwt_secret": environment.jwt_secret,
                    "web_url": address(platform_url, environment),
                }
                for environment in extension.environments.values()
            ],
        }
        for extension in services.extensions.page().items
    ]
