"""Import path of the user documents: the base class and the responses of old-style extensions."""

from connect_eaas.applications import Extension as Extension
from connect_eaas.responses import CustomEventResponse as CustomEventResponse
from connect_eaas.responses import ProcessingResponse as ProcessingResponse
from connect_eaas.responses import ProductActionResponse as ProductActionResponse
from connect_eaas.responses import ScheduledExecutionResponse as ScheduledExecutionResponse
from connect_eaas.responses import ValidationResponse as ValidationResponse

__all__ = [
    "CustomEventResponse",
    "Extension",
    "ProcessingResponse",
    "ProductActionResponse",
    "ScheduledExecutionResponse",
    "ValidationResponse",
]
