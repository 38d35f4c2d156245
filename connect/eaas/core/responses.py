"""Import path of existing extensions: ``connect_eaas.responses``."""

from connect_eaas.responses import (
    BackgroundResponse,
    CustomEventResponse,
    InteractiveResponse,
    ProcessingResponse,
    ProductActionResponse,
    RowTransformationResponse,
    ScheduledExecutionResponse,
    TransformationResponse,
    ValidationResponse,
)

__all__ = [
    "BackgroundResponse",
    "CustomEventResponse",
    "InteractiveResponse",
    "ProcessingResponse",
    "ProductActionResponse",
    "RowTransformationResponse",
    "ScheduledExecutionResponse",
    "TransformationResponse",
    "ValidationResponse",
]
