"""Import path of existing extensions: ``connect_eaas.enums``."""

from connect_eaas.enums import EventType, ResultType, TaskCategory

__all__ = ["EventType", "ResultType", "TaskCategory"]
