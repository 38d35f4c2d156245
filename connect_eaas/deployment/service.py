"""The extension on the platform: found by its package id, made or brought up to date."""

from __future__ import annotations

from typing import Any

from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.manifest import Manifest
from connect_eaas.inflection import import_client

import_client()

from connect.client import ClientError  # noqa: E402  # cheaply, as the module's import above sees to it

__all__ = ["ClientError", "create_extension", "find_extension", "get_category", "said", "update_extension"]


def said(error: ClientError) -> str:
    """Return what the platform answered, in one line."""
    return " ".join(str(error).split())[:500]


def find_extension(client: Any, package_id: str) -> dict[str, Any] | None:
    """Return the account's extension with this package id; None if there is none.

    Raises:
        DeploymentError: the platform refused.
    """
    try:
        found: dict[str, Any] | None = client("devops").services.filter(package_id=package_id).first()
    except ClientError as error:
        raise DeploymentError(f"the account's extensions cannot be listed: {said(error)}") from error
    return found


def get_category(client: Any, name: str | None) -> dict[str, Any] | None:
    """Return ``{"id": …}`` of the category of this name; None if there is none, or the platform does not tell."""
    if not name:
        return None
    try:
        found = client("dictionary").ns("extensions").categories.filter(name=name).first()
    except ClientError:
        return None
    return {"id": found["id"]} if found else None


def create_extension(client: Any, manifest: Manifest, category: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make the extension, and then send its icon.

    Raises:
        DeploymentError: the platform refused. If only the icon failed the extension is there, and the next deployment
            brings it up to date.
    """
    body = {
        "type": manifest.type,
        "name": manifest.name,
        "package_id": manifest.package_id,
        **_described(manifest, category),
    }
    try:
        extension: dict[str, Any] = client("devops").services.create(body)
    except ClientError as error:
        raise DeploymentError(f"the extension {manifest.package_id} cannot be made: {said(error)}") from error
    if manifest.icon is not None:
        icon = manifest.icon
        try:
            extension = (
                client("devops")
                .services[extension["id"]]
                .update(files={"icon": (icon.name, icon.content, icon.content_type)})
            )
        except ClientError as error:
            raise DeploymentError(f"{extension['id']}: the icon was refused: {said(error)}") from error
    return extension


def update_extension(
    client: Any, extension_id: str, manifest: Manifest, category: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Bring category, descriptions and website up to date; what the manifest leaves out stays as it is.

    Raises:
        DeploymentError: the platform refused.
    """
    body = {name: value for name, value in _described(manifest, category).items() if value is not None}
    service = client("devops").services[extension_id]
    try:
        extension: dict[str, Any] = service.update(body) if body else service.get()
    except ClientError as error:
        raise DeploymentError(f"{extension_id} cannot be changed: {said(error)}") from error
    return extension


def _described(manifest: Manifest, category: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "category": category,
        "short_description": manifest.description,
        "overview": manifest.overview,
        "website": manifest.website,
    }
