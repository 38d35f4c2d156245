"""A bounded pool of daemon threads for plain (not async) handlers.

Python's own executor joins its threads at exit, so one hanging handler would keep a stopped runner alive for ever; and
it has no way to go on without the threads that hang.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final

__all__ = ["Job", "ThreadPool"]

_MOST_STUCK: Final = 4
"""Stuck threads that are replaced, as a multiple of the pool's size."""


class Job:
    """One call in a thread."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._context = contextvars.copy_context()
        self.future: Future[Any] = Future()
        # Both guarded by the pool's lock.
        self.ended = False
        self.replaced = False

    def run(self) -> None:
        """Call the function; the future gets what it returns or raises."""
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
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        # Threads that were ever made, for their names.
        self._made = 0
        # Threads whose place was given to others, and whose job has not ended.
        self._stuck = 0
        # Threads that wait for a job, less the jobs that wait for a thread.
        self._idle = 0

    def submit(self, function: Callable[[], Any]) -> Job:
        """Run the function in a thread, with the caller's context variables."""
        job = Job(function)
        with self._lock:
            self._idle -= 1
            self._add_thread_if_needed()
        self._jobs.put(job)
        return job

    def replace(self, job: Job) -> bool:
        """The job's thread seems to hang: let another one take its place. Its own ends with the job.

        Returns:
            False if the job has ended, or if too many threads hang already.
        """
        with self._lock:
            if job.ended or job.replaced or self._stuck >= _MOST_STUCK * self._size:
                return False
            job.replaced = True
            self._stuck += 1
            self._threads -= 1
            self._add_thread_if_needed()
        return True

    def close(self) -> None:
        """Let the threads end once they are done; does not wait."""
        with self._lock:
            threads, self._threads = self._threads, 0
        for _ in range(threads):
            self._jobs.put(None)

    def _add_thread_if_needed(self) -> None:
        if self._idle < 0 and self._threads < self._size:
            self._threads += 1
            self._made += 1
            self._idle += 1
            threading.Thread(target=self._work, name=f"{self._name}-{self._made}", daemon=True).start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job.run()
            with self._lock:
                job.ended = True
                if job.replaced:
                    self._stuck -= 1
                    return
                self._idle += 1
            del job  # Don't keep the author's objects alive while waiting.
