"""Version 1 of the wire, as runners up to 25 speak it: its flat shapes to our messages and back.

Facts: ``reference/websocket-protocol.md`` section 10. What version 1 has no place for is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from connect_eaas.protocol.messages import (
    Data,
    Logging,
    LogMeta,
    Repository,
    Schedulable,
    SetupRequest,
    SetupResponse,
    Shutdown,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
    Variable,
)

__all__ = ["from_version1", "to_version1"]

_OPTIONS: Final = ("task_id", "task_category", "correlation_id", "reply_to")
_LOG_META: Final = ("repository_tag", "account_id", "account_name", "service_id", "hub_id")
_LEVELS: Final = ("logging_api_key", "log_level", "runner_log_level")


def to_version1(data: Data) -> tuple[str, dict[str, Any] | None]:
    """Return the message type and the data of a version 1 frame.

    Raises:
        ValueError: version 1 has no such message.
    """
    if isinstance(data, SetupRequest):
        repository = data.repository or Repository()
        return "capabilities", {
            "capabilities": data.event_subscriptions,
            "variables": data.variables,
            "schedulables": None if data.schedulables is None else [item.model_dump() for item in data.schedulables],
            "readme_url": repository.readme_url,
            "changelog_url": repository.changelog_url,
            "runner_version": data.runner_version,
        }
    if isinstance(data, SetupResponse):
        logging = data.logging or Logging()
        meta = logging.meta or LogMeta()
        return "configuration", {
            "configuration": None
            if data.variables is None
            else {variable.name: variable.value for variable in data.variables},
            "environment_type": data.environment_type,
            **{name: getattr(logging, name) for name in _LEVELS},
            **{name: getattr(meta, name) for name in _LOG_META},
            "product_id": None if meta.products is None else ",".join(meta.products),
        }
    if isinstance(data, Task):
        flat: dict[str, Any] = {name: getattr(data.options, name) for name in _OPTIONS}
        flat |= {"task_type": data.input.event_type, "object_id": data.input.object_id, "data": data.input.data}
        if data.output is not None:
            flat |= data.output.model_dump(exclude={"message"}) | {"output": data.output.message}
        return "task", flat
    if isinstance(data, Shutdown):
        return "shutdown", None
    raise ValueError(f"version 1 has no message {data.model_type!r}")


def from_version1(message_type: str, data: Mapping[str, Any] | None) -> Data:
    """Read the data of a version 1 frame.

    Raises:
        KeyError: version 1 has no such message, or it has nothing to say (``pause``, ``resume``).
        ValidationError: the data does not fit its type.
    """
    return _READERS[message_type](data or {})


def _request(data: Mapping[str, Any]) -> SetupRequest:
    schedulables = data.get("schedulables")
    return SetupRequest(
        event_subscriptions=data.get("capabilities"),
        variables=data.get("variables"),
        schedulables=None if schedulables is None else [Schedulable.model_validate(item) for item in schedulables],
        repository=Repository(readme_url=data.get("readme_url"), changelog_url=data.get("changelog_url")),
        runner_version=data.get("runner_version"),
    )


def _response(data: Mapping[str, Any]) -> SetupResponse:
    variables, products = data.get("configuration"), data.get("product_id")
    meta = LogMeta(
        **{name: data.get(name) for name in _LOG_META},
        products=products.split(",") if isinstance(products, str) and products else None,
    )
    return SetupResponse(
        variables=None
        if variables is None
        else [Variable(name=name, value=None if value is None else str(value)) for name, value in variables.items()],
        environment_type=data.get("environment_type"),
        logging=Logging(**{name: data.get(name) for name in _LEVELS}, meta=meta),
    )


def _task(data: Mapping[str, Any]) -> Task:
    output = None
    # The argument and the answer share one place.
    if data.get("result") is not None:
        output = TaskOutput(
            result=data["result"],
            data=data.get("data"),
            countdown=data.get("countdown") or 0,
            runtime=data.get("runtime") or 0.0,
            message=data.get("output"),
        )
    return Task(
        options=TaskOptions.model_validate({name: data.get(name) for name in _OPTIONS}),
        input=TaskInput.model_validate(
            {
                "event_type": data.get("task_type"),
                "object_id": data.get("object_id"),
                "data": None if output is not None else data.get("data"),
            }
        ),
        output=output,
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Data]]] = {
    "capabilities": _request,
    "configuration": _response,
    "task": _task,
    "shutdown": lambda _: Shutdown(),
}
