"""Log records of the runner: which task they belong to, secrets hidden, and as one JSON object a line on request."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from connect_eaas.redaction import HIDDEN, redact
from connect_eaas.runner.log_secrecy import HidingFormatter

if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[TextIO]
else:
    _StreamHandler = logging.StreamHandler  # Not subscriptable before Python 3.11.

__all__ = ["CURRENT_TASK", "JsonFormatter", "LineHandler", "LineMaker", "PlainFormatter", "TaskIdentity", "hide_keys"]

_PLAIN: Final = "%(asctime)s %(name)s %(levelname)s PID_%(process)d %(message)s"
_KEY: Final = re.compile(r"(ApiKey\s+[A-Z]{2}(?:-\d+)+:)[^\s\"',;]+")
_BEARER: Final = re.compile(r"((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}")
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class TaskIdentity(NamedTuple):
    """What a log line can be found by."""

    task_id: str
    event_type: str
    object_id: str | None = None


CURRENT_TASK: ContextVar[TaskIdentity | None] = ContextVar("connect_eaas_task", default=None)
"""The task that is run in this context; a handler's own lines are known by it too."""


def hide_keys(text: str) -> str:
    """Return the text without the secrets of authorization values, wherever they stand."""
    if "ApiKey" in text:
        text = _KEY.sub(lambda match: match[1] + HIDDEN, text)
    if "Bearer" in text or "Basic" in text:
        text = _BEARER.sub(lambda match: match[1] + HIDDEN, text)
    return text


class LineMaker:
    """Logs many lines of one kind, on the loop's thread: what is the same in all records is made once.

    Args:
        logger: where they go; its handlers and filters see ordinary records.
        level: of all lines.
        text: of all lines, with places for arguments.
    """

    def __init__(self, logger: logging.Logger, level: int, text: str) -> None:
        self._logger = logger
        self._level = level
        self._text = text
        # What all records of this process have in common.
        self._common: dict[str, Any] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._common.clear)

    def log(self, *arguments: object) -> None:
        """Log one line."""
        if not self._logger.isEnabledFor(self._level):
            return
        usual = logging.getLogRecordFactory() is logging.LogRecord
        if usual and self._common:
            record = logging.LogRecord.__new__(logging.LogRecord)
            vars(record).update(self._common)
            now = time.time()
            record.args, record.created, record.msecs = arguments, now, now % 1 * 1000
            record.relativeCreated = self._common["relativeCreated"] + (now - self._common["created"]) * 1000
        else:
            # To find out who logs takes longer than to write the line, and says nothing here.
            name, level = self._logger.name, self._level
            record = self._logger.makeRecord(name, level, __file__, 0, self._text, arguments, None, "log")
            if usual:
                self._common.update(vars(record))
                if "taskName" in self._common:
                    # Python 3.12 and later: that of the first line, which says nothing of the others.
                    self._common["taskName"] = None
        self._logger.handle(record)


class LineHandler(_StreamHandler):
    """Writes records to standard error, or to another stream that sends each line on by itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; unlike the base class leave it at that, as there is nothing to flush."""
        try:
            self.stream.write(self.format(record) + self.terminator)
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base's name
        """Say what went wrong, where that is possible: a task does not end because its line cannot be written."""
        # An extension may close standard error.
        with contextlib.suppress(ValueError):
            super().handleError(record)


class PlainFormatter(HidingFormatter):
    """One line of text a record (tracebacks take more), secrets hidden."""

    def __init__(self, format_: str = _PLAIN) -> None:
        super().__init__(format_)
        self._usual = format_ == _PLAIN
        # The last second and how it reads: records come many in a second.
        self._second: tuple[int, str] = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        if not self._usual or record.exc_info or record.exc_text or record.stack_info:
            return hide_keys(super().format(record))
        # What the base class makes of `_PLAIN`, at half the price.
        record.message = message = record.getMessage()
        record.asctime = time_ = self.formatTime(record)
        return hide_keys(self.hidden(f"{time_} {record.name} {record.levelname} PID_{record.process} {message}"))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # the base's name
        """The time as the base class writes it."""
        if datefmt is not None:
            return super().formatTime(record, datefmt)
        second = int(record.created)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%d %H:%M:%S", self.converter(second))
            self._second = (second, text)
        return f"{text},{int(record.msecs):03d}"


class JsonFormatter(HidingFormatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, ``process``, ``worker``, then what is
    known of the task (``task_id``, ``event_type``, ``object_id``), the extra fields of the record, and ``exception``.

    Args:
        worker: kind of the process's session; None for the supervisor.
    """

    def __init__(self, worker: str | None = None) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._clean(record.getMessage()),
            "process": record.process,
            "worker": self._worker or "supervisor",
        }
        task = CURRENT_TASK.get()
        if task is not None:
            line.update(task_id=task.task_id, event_type=task.event_type, object_id=task.object_id)
        extra = {key: value for key, value in vars(record).items() if key not in _OWN and key not in line}
        line.update(redact(extra))
        if record.exc_info:
            line["exception"] = self._clean(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = self._clean(self.formatStack(record.stack_info))
        return self._clean(json.dumps(line, default=str, ensure_ascii=False))

    def _clean(self, text: str) -> str:
        # Before the encoding too, which changes quotes and line ends within a secret.
        return self.hidden(hide_keys(text))
