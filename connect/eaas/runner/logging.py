"""Import path of existing extensions: the request logger, which costs nothing while its level is off."""

from connect_eaas.request_log import RequestLogger

__all__ = ["RequestLogger"]
