"""The messages of the wire, version 2, as typed values.

Shapes are those of ``reference/websocket-protocol.md``: an envelope ``{"version": 2, "message_type": …, "data": …}``
whose data repeats the type under ``model_type``. Unknown fields are ignored, absent ones are sent as ``null``.

Two fields and one message are ours (``features``, ``held`` and ``ack``); they are used only after both sides
named the feature in the handshake, and other platforms and runners ignore them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "ACKNOWLEDGEMENTS",
    "MAX_MESSAGE_LENGTH",
    "PROTOCOL_VERSION",
    "Ack",
    "Data",
    "EventDefinition",
    "HttpRequest",
    "HttpResponse",
    "LogMeta",
    "Logging",
    "Repository",
    "Schedulable",
    "SetupRequest",
    "SetupResponse",
    "Shutdown",
    "Task",
    "TaskInput",
    "TaskOptions",
    "TaskOutput",
    "TransformationDeclaration",
    "Variable",
    "WebTask",
    "WebTaskOptions",
]

PROTOCOL_VERSION: Final = 2
MAX_MESSAGE_LENGTH: Final = 4000
"""Longest ``output.message`` in characters; tracebacks are cut to it."""
ACKNOWLEDGEMENTS: Final = "ack"
"""Feature: the platform confirms each settled result, and the runner names the leases that it still holds."""

Result = Literal["success", "skip", "reschedule", "retry", "fail", "delete"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Schedulable(_Model):
    """A method that a schedule may call."""

    method: str
    name: str
    description: str = ""


class TransformationDeclaration(_Model):
    """A method that transforms rows; ``edit_dialog_ui`` is a path under ``/static/``."""

    method: str
    name: str
    description: str = ""
    edit_dialog_ui: str | None = None
    manual: bool = False


class Repository(_Model):
    """Links shown in the environment's box."""

    readme_url: str | None = None
    changelog_url: str | None = None


class SetupRequest(_Model):
    """First frame of a runner: what it can do. None means «this session has nothing to say», not «none»."""

    event_subscriptions: dict[str, list[str]] | None = None
    ui_modules: dict[str, Any] | None = None
    icon: str | None = None
    variables: list[dict[str, Any]] | None = Field(default=None, repr=False)
    schedulables: list[Schedulable] | None = None
    anvil_callables: list[dict[str, Any]] | None = None
    transformations: list[TransformationDeclaration] | None = None
    audience: list[str] | None = None
    proxied_connect_api: list[str] | dict[str, str] | None = None
    repository: Repository | None = None
    runner_version: str | None = None
    features: list[str] | None = None
    held: list[str] | None = None
    """Leases (``options.correlation_id`` of tasks) that this process still works on or has results for."""
    model_type: Literal["setup_request"] = "setup_request"


class Variable(_Model):
    """One environment variable, in clear."""

    name: str
    value: str | None = Field(default=None, repr=False)
    secure: bool = False


class LogMeta(_Model):
    """Who the extension is; goes into log records and REST paths."""

    service_id: str | None = None
    account_id: str | None = None
    account_name: str | None = None
    repository_tag: str | None = None
    products: list[str] | None = None
    hub_id: str | None = None


class Logging(_Model):
    """Log levels and, in cloud mode, the key of the log service."""

    logging_api_key: str | None = Field(default=None, repr=False)
    log_level: str | None = None
    runner_log_level: str | None = None
    meta: LogMeta | None = None


class EventDefinition(_Model):
    """How to read the object of an event over REST; texts with placeholders, see ``connect_eaas.events``."""

    event_type: str
    api_resource_endpoint: str
    api_collection_endpoint: str
    api_collection_filter: str


class SetupResponse(_Model):
    """The platform's configuration; sent after the setup request and again whenever it changes."""

    variables: list[Variable] | None = None
    environment_type: str | None = None
    logging: Logging | None = None
    event_definitions: list[EventDefinition] | None = None
    environment_runtime: str | None = None
    environment_hostname: str | None = None
    environment_domain: str | None = None
    features: list[str] | None = None
    model_type: Literal["setup_response"] = "setup_response"


class TaskOptions(_Model):
    """Identity and routing of a task. ``correlation_id`` and ``reply_to`` come back unchanged."""

    task_id: str
    task_category: str
    correlation_id: str | None = None
    reply_to: str | None = None
    api_key: str | None = Field(default=None, repr=False)
    installation_id: str | None = None
    connect_correlation_id: str | None = None

    @property
    def lease(self) -> str:
        """The lease of this delivery: the correlation id, or the task's id where a platform sends none."""
        return self.correlation_id or self.task_id


class TaskInput(_Model):
    """What happened, to which object; ``data`` is the argument itself for interactive tasks."""

    event_type: str
    object_id: str
    data: Any = Field(default=None, repr=False)


def _none_is_zero(value: object) -> object:
    return 0 if value is None else value


class TaskOutput(_Model):
    """What a handler answered; ``countdown`` and ``runtime`` in seconds."""

    result: Result
    data: Any = Field(default=None, repr=False)
    countdown: Annotated[int, BeforeValidator(_none_is_zero)] = 0
    runtime: Annotated[float, BeforeValidator(_none_is_zero)] = 0.0
    message: str | None = None

    def took(self, seconds: float) -> TaskOutput:
        """Note the run time, and return this output."""
        # An assignment that the model looks at takes longer than all else that is done with an output.
        self.__dict__["runtime"] = seconds
        return self


class Task(_Model):
    """One delivery of work; the result is the same task with ``output`` filled in."""

    options: TaskOptions
    input: TaskInput
    output: TaskOutput | None = None
    model_type: Literal["task"] = "task"

    def answered(self, output: TaskOutput) -> Task:
        """The result of this delivery."""
        # Much cheaper than `model_copy`, and than the constructor.
        result: Task = _task({"options": self.options, "input": self.input, "output": output})
        return result


_task: Final = Task.__pydantic_validator__.validate_python


class HttpRequest(_Model):
    """A call to the web application; ``content`` is base64."""

    method: str
    url: str
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    content: str | None = Field(default=None, repr=False)


class HttpResponse(_Model):
    """Its answer; ``content`` is base64."""

    status: int
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    content: str | None = Field(default=None, repr=False)


class WebTaskOptions(_Model):
    """Who calls the web application, and for whom."""

    correlation_id: str
    reply_to: str
    api_key: str | None = Field(default=None, repr=False)
    installation_id: str | None = None
    tier_account_id: str | None = None
    connect_correlation_id: str | None = None
    user_id: str | None = None
    account_id: str | None = None
    account_role: str | None = None
    call_type: Literal["admin", "user"] | None = None
    call_source: Literal["ui", "api"] | None = None


class WebTask(_Model):
    """One HTTP call forwarded to the extension."""

    options: WebTaskOptions
    request: HttpRequest
    response: HttpResponse | None = None
    model_type: Literal["web_task"] = "web_task"


class Ack(_Model):
    """The platform has settled the result of this lease; the runner may forget it."""

    task_id: str
    correlation_id: str | None = None
    model_type: Literal["ack"] = "ack"

    @property
    def lease(self) -> str:
        """As in the task's options."""
        return self.correlation_id or self.task_id


class Shutdown(_Model):
    """From the runner: send no more tasks. From the platform: stop. Travels without data."""

    model_type: Literal["shutdown"] = "shutdown"


Data = SetupRequest | SetupResponse | Task | WebTask | Ack | Shutdown
"""Everything that an envelope can carry."""
