"""Import path of existing extensions."""

from connect_eaas.enums import ResultType

__all__ = ["ResultType"]
