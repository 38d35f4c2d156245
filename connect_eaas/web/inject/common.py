"""Context, configuration and logger of a call; the same for plain and asynchronous endpoints."""

import json
import logging
from typing import Annotated, Any, Final

from fastapi import Depends, Header
from pydantic import ValidationError

from connect_eaas.log_adapter import LogAdapter
from connect_eaas.web.inject.models import Context

__all__ = ["get_call_context", "get_config", "get_logger"]

_LOGGER: Final = "eaas.webapp"
_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})


def get_call_context(
    x_connect_extension_id: Annotated[str | None, Header()] = None,
    x_connect_environment_id: Annotated[str | None, Header()] = None,
    x_connect_environment_type: Annotated[str | None, Header()] = None,
    x_connect_installation_id: Annotated[str | None, Header()] = None,
    x_connect_tier_account_id: Annotated[str | None, Header()] = None,
    x_connect_user_id: Annotated[str | None, Header()] = None,
    x_connect_account_id: Annotated[str | None, Header()] = None,
    x_connect_account_role: Annotated[str | None, Header()] = None,
    x_connect_call_source: Annotated[str | None, Header()] = None,
    x_connect_call_type: Annotated[str | None, Header()] = None,
) -> Context:
    """Return who calls, from where. A value that this version does not know becomes None."""
    values: dict[str, Any] = {
        "extension_id": x_connect_extension_id,
        "environment_id": x_connect_environment_id,
        "environment_type": x_connect_environment_type,
        "installation_id": x_connect_installation_id,
        "tier_account_id": x_connect_tier_account_id,
        "user_id": x_connect_user_id,
        "account_id": x_connect_account_id,
        "account_role": x_connect_account_role,
        "call_source": x_connect_call_source,
        "call_type": x_connect_call_type,
    }
    try:
        return Context(**values)
    except ValidationError as error:
        unknown = {item["loc"][0] for item in error.errors(include_url=False)}
        return Context(**{name: value for name, value in values.items() if name not in unknown})


def get_config(x_connect_config: Annotated[str | None, Header()] = "{}") -> dict[str, Any]:
    """Return the environment's variables, name to value."""
    config: dict[str, Any] = json.loads(x_connect_config or "{}")
    return config


def get_logger(
    context: Annotated[Context, Depends(get_call_context)],
    x_connect_logging_level: Annotated[str | None, Header()] = "INFO",
) -> LogAdapter:
    """Return the logger of the call; its records carry the context's values."""
    logger = logging.getLogger(_LOGGER)
    level = str(x_connect_logging_level).upper()
    # The level is the environment's, so calls at one time agree; a level that Python does not know changes nothing.
    if level in _LEVELS and logging.getLevelName(logger.level) != level:
        logger.setLevel(level)
    return logging.LoggerAdapter(logger, context.model_dump())
