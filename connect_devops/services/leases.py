"""Leases: who works on which task, what came of it, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    select,
    type_coerce,
    update,
)

from connect_devops.domain.task import HandBack, decide, decide_lost
from connect_devops.services.claims import (
    ATTEMPT,
    BEGIN_ATTEMPT,
    BEGIN_TASK,
    CLAIM,
    CLAIM_INTERACTIVE,
    HELD_BY_INSTANCE,
    HELD_BY_SESSION,
    HELD_TOO_LONG,
    HELD_UNDER_LEASE,
    LAST_ATTEMPT,
    LATE,
    LEASES_OF_SESSION,
    ORPHAN,
    REATTACH,
    held,
)
from connect_devops.services.context import Context
from connect_devops.services.lease import Answer, Leased, Reattached, Settlement
from connect_devops.services.settling import HELD, End, carry_out
from connect_devops.services.task import TASK_BY_NUMBER, Task, task_from
from connect_devops.storage.columns import Instant, Row
from connect_devops.storage.store import Transaction
from connect_devops.storage.tables import PROCESSING, WAITING, attempts, installations, sessions, tasks
from connect_eaas.events import INTERACTIVE, Category
from connect_eaas.protocol.messages import TaskOutput

__all__ = ["Answer", "Leased", "Leases", "Reattached", "Settlement"]

_LOST: Final = "The runner vanished while it worked on this task."
_EXPIRED: Final = "The runner did not answer in time."
_RESTARTED: Final = "The platform was restarted, and nobody waits for the answer any more."
_RESULTS: Final = frozenset({"success", "skip", "reschedule", "retry", "fail", "delete"})


class Leases:
    """Hands tasks out and takes results in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def lease(
        self,
        environment_id: str,
        categories: Collection[Category],
        session_id: str,
        instance_id: str | None,
        limit: int,
    ) -> list[Leased]:
        """Take up to ``limit`` tasks whose time has come, those due first first.

        A task is not handed out while another one of the same event and object (and installation) is being processed.
        Two callers never get the same task.
        """
        if limit <= 0:
            return []
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            rows: list[Row] = []
            for category in categories:
                rows.extend(self._candidates(transaction, environment_id, category, now, limit))
            rows.sort(key=lambda row: (row["due"], row["number"]))
            taken = [self._leased(transaction, row, now) for row in rows[:limit]]
            if not taken:
                return []
            numbers = [row["number"] for row in rows]
            transaction.connection.execute(
                BEGIN_TASK,
                [
                    {
                        "the_number": number,
                        "the_assignee": instance_id,
                        "the_session": session_id,
                        "the_lease": leased.lease_id,
                        "the_end": leased.expires,
                        "the_attempt": leased.attempt,
                        "moment": now,
                    }
                    for number, leased in zip(numbers, taken, strict=False)
                ],
            )
            transaction.connection.execute(
                BEGIN_ATTEMPT,
                [
                    {
                        "task_number": number,
                        "attempt": leased.attempt,
                        "lease_id": leased.lease_id,
                        "session_id": session_id,
                        "instance_id": instance_id,
                        "leased": now,
                        "expires": leased.expires,
                        "late_count": 0,
                    }
                    for number, leased in zip(numbers, taken, strict=False)
                ],
            )
            self._context.plan(transaction, min(leased.expires for leased in taken))
            return taken

    def settle(self, task_id: str, lease_id: str | None, output: TaskOutput) -> Settlement:
        """Take in one result; see ``settle_many``."""
        return self.settle_many([Answer(task_id, lease_id, output)])[0]

    def settle_many(self, answers: Sequence[Answer]) -> list[Settlement]:
        """Take in results in one transaction, in order. Repeating a result changes nothing.

        A result without lease (a runner that does not return ``correlation_id``) counts for the task's last lease.
        """
        with self._context.store.transaction() as transaction:
            return [self._settle(transaction, answer) for answer in answers]

    def hand_back(self, lease_id: str) -> Task | None:
        """The session has not begun the task and will not: it waits again as if it had not been leased.

        Returns None if the lease had ended already.
        """
        with self._context.store.transaction() as transaction:
            row = transaction.connection.execute(HELD_UNDER_LEASE, {"lease": lease_id}).mappings().first()
            if row is None:
                return None
            now = self._context.clock.now()
            carry_out(self._context, transaction, row, HandBack(), End("handed_back"), now)
            return self._task(transaction, row["number"])

    def release_session(self, session_id: str, grace: timedelta = timedelta(0)) -> list[str]:
        """The session is gone: its tasks are lost to it after ``grace``, unless the runner comes back for them.

        Interactive tasks fail at once. A task that is lost this way used up one try and waits again without a pause.

        Returns:
            the leases concerned.
        """
        return self._orphan(grace, _LOST, HELD_BY_SESSION, {"session": session_id})

    def reattach(
        self,
        environment_id: str,
        instance_id: str,
        session_id: str,
        held: Collection[str],
        categories: Collection[Category],
    ) -> Reattached:
        """A runner came back and named the leases that it holds.

        Of the leases in these categories that earlier, closed sessions of the instance left behind, those named go to
        the new session and the others are released at once. Those named that an earlier session of the instance still
        has (its end was not noticed yet) go to the new one too.

        Args:
            environment_id: the environment.
            instance_id: the platform's id of the instance (``INS-…``).
            session_id: the new session.
            held: the leases that the runner named.
            categories: categories that the session serves.
        """
        kept: set[str] = set()
        released: set[str] = set()
        active: set[str] = set()
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            values = {"environment": environment_id, "instance": instance_id}
            for row in transaction.connection.execute(HELD_BY_INSTANCE, values).mappings().all():
                lease_id: str = row["lease_id"]
                if row["category"] not in categories:
                    active.add(lease_id)
                elif lease_id in held:
                    kept.add(lease_id)
                    transaction.connection.execute(
                        REATTACH, {"the_number": row["number"], "the_session": session_id, "the_lease": lease_id}
                    )
                elif row["orphaned"]:
                    released.add(lease_id)
                    self._lost(transaction, row, "lost", _LOST, now)
        return Reattached(frozenset(kept), frozenset(held) - kept - active, frozenset(released))

    def expire(self) -> list[str]:
        """End every lease whose time (or whose session's grace) is over; returns them."""
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            rows = transaction.connection.execute(HELD_TOO_LONG, {"now": now}).mappings().all()
            for row in rows:
                if row["orphaned"]:
                    self._lost(transaction, row, "lost", _LOST, now)
                else:
                    self._lost(transaction, row, "expired", _EXPIRED, now)
            return [row["lease_id"] for row in rows]

    @contextmanager
    def outlasting(self, by: timedelta) -> Iterator[None]:
        """Move the clock by ``by`` inside of the block: runners go on working in their own time, so their leases end
        as much later. A lease whose session is gone, and which only waits for it, ends as the clock says.

        On SQLite nobody leases anything meanwhile. Other platforms on the same database have clocks of their own.
        """
        microseconds = by // timedelta(microseconds=1)

        def later(column: Column[Any]) -> ColumnElement[Any]:
            return type_coerce(type_coerce(column, BigInteger) + microseconds, Instant)

        with self._context.store.transaction() as transaction:
            serving = tasks.c.orphaned.is_(False)
            leases = select(tasks.c.lease_id).where(PROCESSING, serving)
            transaction.connection.execute(
                update(attempts)
                .where(attempts.c.lease_id.in_(leases), attempts.c.ended.is_(None))
                .values(expires=later(attempts.c.expires))
            )
            transaction.connection.execute(
                update(tasks).where(PROCESSING, serving).values(expires=later(tasks.c.expires))
            )
            yield

    def recover(self, grace: timedelta, *, alive: Collection[str] = ()) -> list[str]:
        """At the start of the platform: its sessions are gone, their leases last for ``grace``, and interactive tasks
        fail, since nobody waits for them any more. Returns the leases concerned.

        Args:
            grace: for the runners to come back.
            alive: other platforms that run on the same database; their sessions, and those who wait, are left alone.
        """
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            if alive:
                others = select(sessions.c.id).where(sessions.c.platform_id.in_(alive))
                return self._orphan(grace, _RESTARTED, held(tasks.c.session_id.not_in(others)))
            waiting = select(*HELD).where(WAITING, tasks.c.category == INTERACTIVE).with_for_update()
            for row in transaction.connection.execute(waiting).mappings().all():
                decision = decide_lost(_RESTARTED, category=INTERACTIVE, retries_used=0, now=now, at_once=True)
                carry_out(self._context, transaction, row, decision, End("lost", _RESTARTED), now)
            return self._orphan(grace, _RESTARTED, held())

    def abandon(self, grace: timedelta, session_ids: Collection[str]) -> list[str]:
        """Another platform on the same database has died: its sessions' leases last for ``grace``; returns them."""
        return self._orphan(grace, _RESTARTED, held(tasks.c.session_id.in_(session_ids)))

    def held_by(self, session_id: str) -> list[str]:
        """The leases that a session has now."""
        with self._context.store.reading() as transaction:
            return list(transaction.connection.execute(LEASES_OF_SESSION, {"session": session_id}).scalars())

    def _candidates(
        self, transaction: Transaction, environment_id: str, category: Category, now: datetime, limit: int
    ) -> Sequence[Row]:
        claim = CLAIM_INTERACTIVE if category == INTERACTIVE else CLAIM
        values = {"environment": environment_id, "wanted": category, "now": now, "how_many": limit}
        return transaction.connection.execute(claim, values).mappings().all()

    def _leased(self, transaction: Transaction, row: Row, now: datetime) -> Leased:
        return Leased(
            task_id=row["id"],
            lease_id=self._context.ids.lease(),
            environment_id=row["environment_id"],
            category=row["category"],
            event_type=row["event_type"],
            object_id=row["object_id"],
            data=row["data"],
            installation_id=row["installation_id"] or None,
            api_key=self._installation_key(transaction, row["installation_id"]),
            trace=row["trace"],
            attempt=row["attempt_count"] + 1,
            expires=now + self._context.leases.duration(row["category"]),
        )

    def _installation_key(self, transaction: Transaction, installation_id: str) -> str | None:
        if not installation_id:
            return None
        query = select(installations.c.api_key).where(installations.c.id == installation_id)
        kept = transaction.connection.execute(query).scalar_one_or_none()
        return None if kept is None else self._context.secrets.decrypt(kept)

    def _settle(self, transaction: Transaction, answer: Answer) -> Settlement:
        now = self._context.clock.now()
        if answer.lease_id is not None:
            query, values = ATTEMPT, {"task": answer.task_id, "lease": answer.lease_id}
        else:
            query, values = LAST_ATTEMPT, {"task": answer.task_id}
        row = transaction.connection.execute(query, values).mappings().first()
        if row is None:
            return Settlement("unknown", None)
        if row["ended"] is not None:
            same = row["outcome"] in _RESULTS and row["result"] == answer.output.model_dump(mode="json")
            if not same:
                self._note_late(transaction, row["attempt_lease"], answer.output.result, now)
            return Settlement("duplicate" if same else "stale", self._task(transaction, row["number"]))
        decision = decide(
            answer.output,
            category=row["category"],
            retries_used=row["retries_used"],
            now=now,
            policy=self._context.retries,
        )
        carry_out(self._context, transaction, row, decision, End(answer.output.result, output=answer.output), now)
        return Settlement("accepted", self._task(transaction, row["number"]), decision)

    def _note_late(self, transaction: Transaction, lease_id: str, result: str, now: datetime) -> None:
        transaction.connection.execute(LATE, {"lease": lease_id, "the_result": result, "moment": now})

    def _orphan(
        self, grace: timedelta, reason: str, concerned: Select[Any], values: Mapping[str, Any] = MappingProxyType({})
    ) -> list[str]:
        with self._context.store.transaction() as transaction:
            now = self._context.clock.now()
            rows = transaction.connection.execute(concerned, values).mappings().all()
            for row in rows:
                if row["category"] == INTERACTIVE or grace <= timedelta(0):
                    self._lost(transaction, row, "lost", reason, now)
                    continue
                end = min(row["expires"], now + grace)
                transaction.connection.execute(ORPHAN, {"the_number": row["number"], "the_end": end})
                self._context.plan(transaction, end)
            return [row["lease_id"] for row in rows]

    def _lost(
        self,
        transaction: Transaction,
        row: Row,
        outcome: Literal["lost", "expired"],
        reason: str,
        now: datetime,
    ) -> None:
        decision = decide_lost(
            reason,
            category=row["category"],
            retries_used=row["retries_used"],
            now=now,
            at_once=outcome == "lost",
            policy=self._context.retries,
        )
        carry_out(self._context, transaction, row, decision, End(outcome, reason), now)

    def _task(self, transaction: Transaction, number: int) -> Task:
        return task_from(transaction.connection.execute(TASK_BY_NUMBER, {"key": number}).mappings().one())
