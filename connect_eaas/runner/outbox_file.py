"""The outbox on disk: an append-only journal that survives ``kill -9``.

One JSON object a line, either ``{"put": <result>}`` or ``{"drop": "<lease>"}``. A line is written with one system call
before its result is sent, so a killed process loses nothing that it had finished. A torn last line, left by a full disk
or a power cut, is skipped. The installation's API key is never written. Interactive results are not kept: nobody waits
for them after a restart.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from connect_eaas.protocol.messages import Task

__all__ = ["OutboxFile"]

_log = logging.getLogger("connect.eaas.runner.outbox")
_COMPACT_AFTER_BYTES: Final = 4 * 1024 * 1024


class OutboxFile:
    """The journal of one environment's results.

    Opening it reads what is owed and compacts the journal. `sync` may run in another
    thread.

    Args:
        path: the journal; its directory must exist. Mode 0600.

    Raises:
        OSError: the journal cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        # Lines of the results that are owed, by lease, oldest first: what a compacted journal consists of.
        self._owed: dict[str, bytes] = {}
        self._size = 0
        self._unsynced = False
        self._restored = self._read()
        self._fd = self._rewrite()

    @property
    def restored(self) -> list[Task]:
        """Results that an earlier process left, oldest first."""
        return list(self._restored)

    @property
    def unsynced(self) -> bool:
        """True if something was written that `sync` has not forced to the disk yet."""
        return self._unsynced

    def __contains__(self, lease: object) -> bool:
        return lease in self._owed

    @staticmethod
    def keeps(result: Task) -> bool:
        """True unless nobody would wait for this result after a restart."""
        return result.options.task_category != "interactive"

    def put(self, result: Task) -> None:
        """Note a result, if it is one that the journal `keeps`."""
        if not self.keeps(result):
            return
        line = _put_line(result)
        with self._lock:
            self._owed[result.options.lease] = line
            self._append(line)

    def drop(self, lease: str) -> None:
        """Note that a result is settled."""
        with self._lock:
            if self._owed.pop(lease, None) is None:
                return
            self._append(b'{"drop":%s}\n' % json.dumps(lease).encode())
            if self._size > _COMPACT_AFTER_BYTES and self._size > 2 * sum(map(len, self._owed.values())):
                os.close(self._fd)
                self._fd = self._rewrite()

    def sync(self) -> None:
        """Force what was written to the disk; takes milliseconds, so call it in a thread."""
        with self._lock:
            if not self._unsynced or self._fd < 0:
                return
            self._unsynced = False
            fd = os.dup(self._fd)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Sync and close. May be called again."""
        self.sync()
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def _append(self, line: bytes) -> None:
        written = os.write(self._fd, line)
        if written != len(line):
            # The torn line would swallow the next one: end it.
            os.write(self._fd, b"\n")
            raise OSError(f"{self._path}: wrote {written} of {len(line)} bytes; is the disk full?")
        self._size += len(line)
        self._unsynced = True

    def _read(self) -> list[Task]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        tasks: dict[str, Task] = {}
        unreadable = 0
        for line in content.splitlines():
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not an object")
                if "drop" in record:
                    tasks.pop(str(record["drop"]), None)
                    continue
                task = Task.model_validate(record["put"])
                if task.output is None:
                    raise ValueError("no output")
            except (ValueError, KeyError, RecursionError, ValidationError):
                unreadable += 1
                continue
            tasks[task.options.lease] = task
        if unreadable:
            _log.warning("%s: skipped %d unreadable line(s)", self._path, unreadable)
        for lease, task in tasks.items():
            self._owed[lease] = _put_line(task)
        return list(tasks.values())

    def _rewrite(self) -> int:
        """Replace the journal by a compact one, atomically, and open that for appending."""
        fresh = self._path.with_name(self._path.name + ".new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            _write_all(fd, self._owed.values())
            os.fsync(fd)
            fresh.replace(self._path)
        except BaseException:
            os.close(fd)
            raise
        self._size = sum(map(len, self._owed.values()))
        self._unsynced = False
        return fd


def _put_line(result: Task) -> bytes:
    try:
        body = result.__pydantic_serializer__.to_json(result, exclude={"options": {"api_key"}})
    except PydanticSerializationError:
        # Texts that are no Unicode, which Python's own JSON escapes.
        body = json.dumps(result.model_dump(mode="json", exclude={"options": {"api_key"}})).encode()
    return b'{"put":%s}\n' % body


def _write_all(fd: int, lines: Iterable[bytes]) -> None:
    for line in lines:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(fd, rest) :]
