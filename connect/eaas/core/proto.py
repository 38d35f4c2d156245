"""Import path of existing extensions and tools: the messages of the wire."""

from pydantic import BaseModel

from connect_eaas.protocol.message import Message, MessageType
from connect_eaas.protocol.messages import (
    EventDefinition,
    HttpRequest,
    HttpResponse,
    Logging,
    LogMeta,
    Repository,
    Schedulable,
    SetupRequest,
    SetupResponse,
    Task,
    TaskInput,
    TaskOptions,
    TaskOutput,
    WebTask,
    WebTaskOptions,
)
from connect_eaas.protocol.messages import TransformationDeclaration as Transformation

__all__ = [
    "BaseModel",
    "EventDefinition",
    "HttpRequest",
    "HttpResponse",
    "LogMeta",
    "Logging",
    "Message",
    "MessageType",
    "Repository",
    "Schedulable",
    "SetupRequest",
    "SetupResponse",
    "Task",
    "TaskInput",
    "TaskOptions",
    "TaskOutput",
    "Transformation",
    "WebTask",
    "WebTaskOptions",
]
