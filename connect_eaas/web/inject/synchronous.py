"""API clients and the installation for plain endpoints."""

from typing import Annotated, Any

from fastapi import Depends, Header

from connect_eaas.web.inject.common import get_call_context, get_logger
from connect_eaas.web.inject.connections import ConnectClient, client_options, owner_key
from connect_eaas.web.inject.models import Context

__all__ = [
    "ConnectClient",
    "get_extension_client",
    "get_installation",
    "get_installation_admin_client",
    "get_installation_client",
]


def get_installation_client(
    x_connect_installation_api_key: Annotated[str, Header()],
    x_connect_api_gateway_url: Annotated[str, Header()],
    x_connect_user_agent: Annotated[str, Header()],
    logger: Annotated[Any, Depends(get_logger)],
    x_connect_correlation_id: Annotated[str | None, Header()] = None,
) -> ConnectClient:
    """Return a client that acts as the calling installation; a call without one is answered with 422."""
    return ConnectClient(
        x_connect_installation_api_key,
        **client_options(x_connect_api_gateway_url, x_connect_user_agent, x_connect_correlation_id, logger),
    )


def get_extension_client(
    x_connect_api_gateway_url: Annotated[str, Header()],
    x_connect_user_agent: Annotated[str, Header()],
    logger: Annotated[Any, Depends(get_logger)],
    x_connect_correlation_id: Annotated[str | None, Header()] = None,
) -> ConnectClient:
    """Return a client that acts as the extension's owner."""
    return ConnectClient(
        owner_key(),
        **client_options(x_connect_api_gateway_url, x_connect_user_agent, x_connect_correlation_id, logger),
    )


def get_installation(
    x_connect_installation_id: Annotated[str, Header()],
    client: Annotated[ConnectClient, Depends(get_installation_client)],
) -> Any:
    """Return the calling installation, read with its own key."""
    return client("devops").installations[x_connect_installation_id].get()


def get_installation_admin_client(
    installation_id: str,
    client: Annotated[ConnectClient, Depends(get_extension_client)],
    context: Annotated[Context, Depends(get_call_context)],
    x_connect_api_gateway_url: Annotated[str, Header()],
    x_connect_user_agent: Annotated[str, Header()],
    logger: Annotated[Any, Depends(get_logger)],
    x_connect_correlation_id: Annotated[str | None, Header()] = None,
) -> ConnectClient:
    """Return a client that acts as the installation that the path's ``installation_id`` names."""
    services = client("devops").services
    answer = services[context.extension_id].installations[installation_id]("impersonate").post()
    return ConnectClient(
        answer["installation_api_key"],
        **client_options(x_connect_api_gateway_url, x_connect_user_agent, x_connect_correlation_id, logger),
    )
