"""What the platform told this runner: variables, log levels, identity, event definitions. Changes while it runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from connect_eaas.events import CATALOGUE
from connect_eaas.models import Context
from connect_eaas.protocol.messages import EventDefinition, LogMeta, SetupResponse
from connect_eaas.runner.log_secrecy import HidingFormatter
from connect_eaas.runner.log_shipping import LogShipping

__all__ = ["Configuration"]

_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_log = logging.getLogger("connect.eaas.runner")


class Configuration:
    """The platform's latest word.

    Each setup response is merged: what is null keeps its value, an empty list does empty. Both sessions of a runner
    share one configuration, as they serve the same environment.

    Args:
        environment_id: as set by the operator; part of REST paths.
        debug: keep DEBUG whatever level the platform sends.
        origin: what records at the log service also tell, e.g. the instance's id.
    """

    def __init__(self, environment_id: str, *, debug: bool = False, origin: Mapping[str, str] | None = None) -> None:
        self.environment_id = environment_id
        self.environment_type: str | None = None
        self._debug = debug
        head, _, _ = environment_id.rpartition("-")
        self._derived_id = head.replace("ENV-", "SRVC-", 1) if environment_id.startswith("ENV-") else ""
        self._meta = LogMeta()
        self._origin = dict(origin or {})
        self._shipping = LogShipping()
        self._variables: dict[str, str | None] = {}
        self._definitions: dict[str, EventDefinition] = {}

    @property
    def variables(self) -> Mapping[str, str | None]:
        """The environment's variables, in clear. Never log the values."""
        return self._variables

    @property
    def service_id(self) -> str:
        """The extension's id, ``SRVC-…``; derived from the environment's id until the platform tells."""
        return self._meta.service_id or self._derived_id

    @property
    def context(self) -> Context:
        """The ids that handlers get."""
        return Context(self.service_id, self.environment_id, self.environment_type or "")

    def apply(self, response: SetupResponse) -> None:
        """Take over what the platform sent."""
        if response.variables is not None:
            self._variables = {variable.name: variable.value for variable in response.variables}
            HidingFormatter.hide(variable.value for variable in response.variables if variable.secure)
        if response.event_definitions is not None:
            self._definitions = {definition.event_type: definition for definition in response.event_definitions}
        if response.environment_type is not None:
            self.environment_type = response.environment_type
        if response.logging is not None:
            if response.logging.meta is not None:
                self._meta = response.logging.meta
            if response.logging.logging_api_key:
                self._shipping.use(response.logging.logging_api_key, self._identity())
            self._set_level("eaas", response.logging.log_level)
            self._set_level("connect.eaas", response.logging.runner_log_level)

    def _identity(self) -> dict[str, str | None]:
        """What each record at the log service tells (``reference/runner-behaviour.md`` section 6)."""
        return {
            **self._origin,
            "service_id": self.service_id,
            "environment_id": self.environment_id,
            "environment_type": self.environment_type,
            "account_id": self._meta.account_id,
            "account_name": self._meta.account_name,
            "repository_tag": self._meta.repository_tag,
        }

    def definition(self, event_type: str) -> EventDefinition | None:
        """How to read the objects of this event: as the platform said, else as the catalogue knows."""
        definition = self._definitions.get(event_type)
        if definition is not None:
            return definition
        event = CATALOGUE.get(event_type)
        if event is None or event.collection is None or event.filter is None or event.resource is None:
            return None
        return EventDefinition(
            event_type=event_type,
            api_resource_endpoint=event.resource,
            api_collection_endpoint=event.collection,
            api_collection_filter=event.filter,
        )

    def _set_level(self, logger: str, level: str | None) -> None:
        if level is None or self._debug:
            return
        if level.upper() not in _LEVELS:
            _log.warning("the platform sent an unknown log level: %r", level)
            return
        logging.getLogger(logger).setLevel(level.upper())
