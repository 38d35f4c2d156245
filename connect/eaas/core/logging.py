"""Import path of existing extensions: the request logger."""

from connect_eaas.request_log import RequestLogger

__all__ = ["RequestLogger"]
