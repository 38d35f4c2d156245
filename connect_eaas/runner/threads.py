"""A bounded pool of daemon threads for plain (not async) handlers.

Python's own executor joins its threads at exit, so one hanging handler would keep a stopped runner alive for ever.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Generic, TypeVar

__all__ = ["ThreadPool"]

_T = TypeVar("_T")


class _Job(Generic[_T]):
    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = function
        self._context = contextvars.copy_context()
        self.future: Future[_T] = Future()

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            value = self._context.run(self._function)
        except BaseException as error:  # A thread has no one else to tell.
            self.future.set_exception(error)
        else:
            self.future.set_result(value)


class ThreadPool:
    """Threads that are made when needed, up to ``size``, and reused.

    Args:
        size: the most threads; further jobs wait in line.
        name: prefix of the threads' names.
    """

    def __init__(self, size: int, *, name: str) -> None:
        self._size = size
        self._name = name
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        # Threads that wait for a job, less the jobs that wait for a thread.
        self._idle = 0

    def submit(self, function: Callable[[], _T]) -> Future[_T]:
        """Run the function in a thread, with the caller's context variables."""
        job = _Job(function)
        with self._lock:
            self._idle -= 1
            if self._idle < 0 and self._threads < self._size:
                self._threads += 1
                self._idle += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)  # type: ignore[arg-type]  # the queue does not care what a job returns
        return job.future

    def close(self) -> None:
        """Let the threads end once they are done; does not wait."""
        with self._lock:
            threads, self._threads = self._threads, 0
        for _ in range(threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job.run()
            del job  # Don't keep the author's objects alive while waiting.
            with self._lock:
                self._idle += 1
