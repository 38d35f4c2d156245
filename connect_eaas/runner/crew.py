"""The worker processes of one reading of the project: one for each kind of session.

A crew loads first: each process imports its application, and says whether it is right. Then it is told to go. It is
stopped as a whole, all processes at the same time, and gives one report. While it serves, a process that dies is
replaced, after a pause that grows if the replacements die too.

The hooks of an application are called by one of its processes: ``on_startup`` by the first whose configuration has come
while the others wait, and again only where the process that called it was replaced; ``on_shutdown`` when the work of
all has ended, by the one that called ``on_startup``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from multiprocessing.connection import Connection
from typing import Any, Final

from connect_eaas.runner.child_process import Child
from connect_eaas.runner.control import (
    Checked,
    Connected,
    Drained,
    Ended,
    Go,
    HookAsked,
    HookEnded,
    Loaded,
    Refused,
    ShutDown,
    StartUp,
    StopAsked,
    StopNow,
    StopPlease,
    WorkerSpec,
)
from connect_eaas.runner.crew_member import Hook, Member, how_ended
from connect_eaas.runner.features import FeatureTable
from connect_eaas.runner.report import StopReport

__all__ = ["Crew", "CrewState"]

_FORCED_GRACE_S: Final = 3.0
"""How long processes that were told to end at once may take before they are killed."""
_log = logging.getLogger("connect.eaas.runner.supervisor")


class CrewState(Enum):
    """How far a crew is."""

    LOADING = "its processes import the extension"
    LOADED = "all are right, and wait for the word"
    SERVING = "told to go"
    STOPPING = "told to stop"
    ENDED = "all processes have ended"


class Crew:
    """The processes.

    Args:
        specs: what each process has to know.
        start: starts a process.
        clock: seconds of a monotonic clock.
        check: starts the process that validates the project meanwhile; None if that is not wanted.
        lost: told the kind of each process that has ended, and whether it is replaced.
    """

    def __init__(
        self,
        specs: Sequence[WorkerSpec],
        *,
        start: Callable[[WorkerSpec], Child],
        clock: Callable[[], float],
        check: Callable[[], Child] | None = None,
        lost: Callable[[str, bool], None] = lambda _, __: None,
    ) -> None:
        self._start = start
        self._check = check
        self._lost = lost
        # The validating process, until it has ended.
        self._checker: Child | None = None
        self._clock = clock
        self._members = {spec.kind: Member(spec) for spec in specs}
        self._hooks = {member.application: Hook() for member in self._members.values()}
        self._told_to_go = False
        self._kill_at: float | None = None
        self.state = CrewState.LOADING
        self.report = StopReport()
        # True once a process was stopped before it had gone through its phases.
        self.forced = False
        # What nobody but author or operator can mend; the first of several.
        self._trouble: Refused | None = None
        # Why the platform asked to stop, once it did.
        self.stop_asked: str | None = None
        self.tables: dict[str, tuple[FeatureTable, ...]] = {}
        # What the validation found that does not keep the extension from running.
        self.problems: tuple[str, ...] = ()

    def start(self) -> None:
        """Start all processes."""
        if self._check is not None:
            self._checker = self._check()
        for member in self._members.values():
            self._start_member(member)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of the sessions."""
        return tuple(self._members)

    @property
    def connections(self) -> list[Connection[Any, Any]]:
        """Our ends of the pipes that are open."""
        return [child.connection for child in self._children]

    @property
    def sentinels(self) -> list[int]:
        """What else to wait for."""
        return [child.sentinel for child in self._children if child.sentinel is not None]

    @property
    def trouble(self) -> Refused | None:
        """What nobody but author or operator can mend; while the project is validated, that verdict is waited for."""
        return self._trouble if self._checker is None else None

    @property
    def connected(self) -> bool:
        """True once each session's handshake was done."""
        return all(member.connected for member in self._members.values())

    @property
    def next_due(self) -> float | None:
        """When `tick` has something to do."""
        times = [member.due for member in self._members.values() if member.due is not None]
        if self._kill_at is not None:
            times.append(self._kill_at)
        return min(times, default=None)

    def go(self) -> None:
        """Let the sessions be opened."""
        self.state = CrewState.SERVING
        self._told_to_go = True
        for member in self._members.values():
            member.tell(Go())

    def stop(self, reason: str) -> None:
        """Ask all processes to stop in phases; those that still load are ended."""
        if self.state in (CrewState.STOPPING, CrewState.ENDED):
            return
        self.state = CrewState.STOPPING
        self.report.reason = reason
        if self._checker is not None:
            self._checker.kill()
        for member in self._members.values():
            member.due = None
            if member.child is not None and not member.loaded:
                member.child.kill()
            member.tell(StopPlease(reason))
        self._settle()

    def stop_now(self) -> None:
        """Skip what is left of the phases; whoever does not obey soon is killed."""
        self.stop("stopped at once")
        self.forced = True
        self._kill_at = self._clock() + _FORCED_GRACE_S
        for member in self._members.values():
            member.tell(StopNow())
        self._settle()

    def kill(self) -> None:
        """End all processes without a word, and wait for that."""
        for child in self._children:
            child.kill()
            child.join()
            child.connection.close()
        for member in self._members.values():
            member.child = None
        self._checker = None
        self.state = CrewState.ENDED

    def tick(self) -> None:
        """Carry out what is due: replacements, and the end of patience."""
        now = self._clock()
        for member in self._members.values():
            if member.due is not None and member.due <= now:
                self._start_member(member)
        if self._kill_at is not None and self._kill_at <= now:
            self._kill_at = None
            for member in self._members.values():
                if member.child is not None:
                    _log.warning("%s did not end: it is killed", member)
                    member.child.kill()

    def attend(self, ready: Iterable[object]) -> None:
        """Take in what the processes said, and who has ended.

        Args:
            ready: connections that can be read; all processes are asked whether they still run.
        """
        readable = set(map(id, ready))
        self._attend_checker()
        for member in self._members.values():
            child = member.child
            if child is None:
                continue
            closed = id(child.connection) in readable and not self._read(member, child)
            status = child.poll()
            if closed and status is None:
                # It closed its pipe; whatever it does still is of no use to anybody.
                child.kill()
                status = child.join()
            if status is not None:
                if not closed:
                    self._read(member, child)
                self._ended(member, child, status)
        self._settle()

    @property
    def _children(self) -> list[Child]:
        children = [self._checker, *(member.child for member in self._members.values())]
        return [child for child in children if child is not None]

    def _attend_checker(self) -> None:
        checker = self._checker
        if checker is None:
            return
        try:
            verdict = checker.connection.recv() if checker.connection.poll() else None
        except (EOFError, OSError):
            verdict = Refused("the validation ended without a verdict; --no-validate starts without it", 3)
        if verdict is None and checker.poll() is None:
            return
        # The project as a whole was looked at, so this says more than the process that first stumbled.
        if isinstance(verdict, Refused) and self.state is CrewState.LOADING:
            self._trouble = verdict
        if isinstance(verdict, Checked):
            self.problems = verdict.problems
        self._checker = None
        checker.kill()
        checker.join()
        checker.connection.close()

    def _read(self, member: Member, child: Child) -> bool:
        """Read all that is there; False at the end of the pipe."""
        try:
            while child.connection.poll():
                self._act(member, child.connection.recv())
        except (EOFError, OSError):
            return False
        return True

    def _act(self, member: Member, message: object) -> None:
        if isinstance(message, Loaded):
            member.loaded = True
            self.tables.setdefault(message.application, message.tables)
            if self._told_to_go:
                member.tell(Go(member.death))
                member.death = None
            if self.state is CrewState.STOPPING:
                member.tell(StopPlease(self.report.reason))
        elif isinstance(message, Connected):
            member.connected = True
        elif isinstance(message, Refused):
            self._refuse(member, message)
        elif isinstance(message, HookAsked):
            member.waiting = True
            self._answer_start_up(member.application)
        elif isinstance(message, HookEnded):
            self._hooks[member.application].state = "called" if message.well else "failed"
            self._answer_start_up(member.application)
        elif isinstance(message, Drained):
            member.drained = True
            self._give_shut_down_turns(member)
        elif isinstance(message, StopAsked):
            self.stop_asked = self.stop_asked or message.reason
        elif isinstance(message, Ended):
            member.ended = message

    def _refuse(self, member: Member, refused: Refused) -> None:
        """A crew that cannot start says so and ends; one that has served lives on, and replacements try again."""
        member.refused = refused
        started = member.was_connected if member.loaded else self._told_to_go
        if self._trouble is None and not started:
            self._trouble = refused

    def _answer_start_up(self, application: str) -> None:
        """Tell those that wait for ``on_startup`` whose turn it is, or how it went."""
        hook = self._hooks[application]
        for member in self._members.values():
            if member.application != application or not member.waiting or hook.state == "running":
                continue
            member.waiting = False
            if hook.state == "not called":
                hook.state, hook.owner = "running", member.spec.kind
                member.tell(StartUp("call"))
            else:
                member.tell(StartUp("called" if hook.state == "called" else "failed"))

    def _give_shut_down_turns(self, member: Member) -> None:
        hook = self._hooks[member.application]
        if self.state is not CrewState.STOPPING:
            # This process alone stops.
            member.tell(ShutDown(call=hook.owner == member.spec.kind and hook.state == "called"))
            return
        siblings = [
            sibling
            for sibling in self._members.values()
            if sibling.application == member.application and sibling.child is not None
        ]
        if not all(sibling.drained for sibling in siblings):
            return
        chosen = next((item for item in siblings if item.spec.kind == hook.owner), siblings[0] if siblings else None)
        for sibling in siblings:
            sibling.tell(ShutDown(call=sibling is chosen and hook.state == "called"))

    def _ended(self, member: Member, child: Child, status: int) -> None:
        with contextlib.suppress(OSError):
            child.connection.close()
        lived = self._clock() - member.begun
        ended, member.child, member.waiting = member.ended, None, False
        hook = self._hooks[member.application]
        if hook.owner == member.spec.kind and hook.state != "failed":
            # What its hook had set up is gone with it.
            hook.state, hook.owner = "not called", None
            self._answer_start_up(member.application)
        if ended is not None:
            self.report.add(ended.report)
            self.forced = self.forced or (ended.forced and self.state is CrewState.STOPPING)
        if self._told_to_go:
            self._lost(member.spec.kind, self.state is CrewState.SERVING and self._trouble is None)
        if self.state is CrewState.STOPPING:
            self._give_shut_down_turns(member)
            return
        if self._trouble is not None:
            return
        if not member.loaded and not self._told_to_go:
            what = f"{member} ended ({how_ended(status)}) while it imported {member.spec.reference}"
            self._trouble = member.refused or Refused(what, 3)
            return
        if ended is None:
            what = f"The {member.spec.kind} worker of instance {member.spec.instance_id} ended"
            member.death = f"{what} ({how_ended(status)}) and was replaced."
        pause = member.restarts.pause_after(lived)
        member.due = self._clock() + pause
        why = f": {member.refused.text}" if member.refused is not None else ""
        again = f" in {pause:.1f} s, as {member.restarts.deaths} died young" if pause else ""
        level = logging.INFO if ended is not None else logging.ERROR
        _log.log(
            level,
            "%s, process %d, ended (%s)%s: it is replaced%s",
            member,
            child.pid,
            how_ended(status),
            why,
            again,
        )

    def _start_member(self, member: Member) -> None:
        member.due = None
        member.was_connected = member.was_connected or member.connected
        member.loaded = member.connected = member.waiting = member.drained = False
        member.ended = member.refused = None
        member.begun = self._clock()
        member.child = self._start(member.spec)
        _log.debug("%s runs in process %d", member, member.child.pid)

    def _settle(self) -> None:
        """Move on to the next state where nothing is missing for it."""
        loading = self.state is CrewState.LOADING and self._checker is None and self._trouble is None
        if loading and all(member.loaded for member in self._members.values()):
            self.state = CrewState.LOADED
        if self.state is CrewState.STOPPING and not self._children:
            self.state = CrewState.ENDED
            self._kill_at = None
