"""What is promised about a task, held against everything that the database says about it at the end.

The numbers stand here once more on purpose: read from the code they would follow every mistake in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

FINAL: Final = {"success": "succeeded", "skip": "skipped", "fail": "failed"}
"""Results after which a task is never delivered again → the state of the task."""
RESULTS: Final = (*FINAL, "retry", "reschedule")
TRIES: Final = 11
"""Once, and ten times more."""
COUNTDOWN_S: Final = 30

_FIRST_PAUSE_S: Final = 30
_LONGEST_PAUSE_S: Final = 3600


class Attempt(NamedTuple):
    """One lease of a task; times in seconds."""

    lease_id: str
    leased: float
    ended: float | None
    outcome: str | None
    next: float | None
    late_count: int
    late_result: str | None


def check_task(task_id: str, status: str, attempts: Sequence[Attempt], answered: Mapping[str, str]) -> Counter[str]:
    """Hold one task against the promises; return how often what was seen.

    Args:
        task_id: whose.
        status: of the task.
        attempts: all of them, oldest first.
        answered: what handlers answered, by lease.
    """
    outcomes = [attempt.outcome or "" for attempt in attempts]
    seen = Counter(outcomes)
    seen["late"] = sum(attempt.late_count for attempt in attempts)
    tries = 0
    said_before: set[str] = set()
    for previous, attempt in zip((None, *attempts), attempts, strict=False):
        assert attempt.ended is not None, f"{task_id}: an attempt has no end: {outcomes}"
        assert previous is None or previous.next is not None, f"{task_id} was delivered after its end: {outcomes}"
        assert previous is None or attempt.leased >= (previous.next or 0), f"{task_id} was delivered early: {attempt}"
        used = tries
        tries = tries + 1 if attempt.outcome in ("retry", "lost", "expired") else 0
        assert tries <= TRIES, f"{task_id} was tried too often: {outcomes}"
        ends = attempt.outcome in FINAL or tries == TRIES
        due = None if ends else attempt.ended + _pause(attempt.outcome, used)
        assert attempt.next == due, f"{task_id} was to be delivered at {attempt.next}, not at {due}: {outcomes}"
        _check_answer(task_id, attempt, answered.get(attempt.lease_id), said_before)
        said_before.add(answered.get(attempt.lease_id, ""))
    finals = [outcome for outcome in outcomes if outcome in FINAL]
    if finals:
        assert outcomes[-1:] == finals, f"{task_id} was delivered after its end: {outcomes}"
        assert status == FINAL[finals[0]], f"{task_id} is {status} after {outcomes}"
    else:
        assert (status, tries) == ("failed", TRIES), f"{task_id} is {status} after {outcomes}"
        seen["tried ten times more"] += 1
    return seen


def _check_answer(task_id: str, attempt: Attempt, said: str | None, said_before: set[str]) -> None:
    if said is not None:
        assert said in (attempt.outcome, attempt.late_result), f"{task_id}: the answer {said!r} was lost: {attempt}"
    elif attempt.outcome in FINAL:
        # The work was done under an earlier lease, and the platform had not heard of it.
        assert attempt.outcome in said_before, f"{task_id}: no handler ever answered {attempt}"
    else:
        assert attempt.outcome not in RESULTS, f"{task_id}: asks to be run again, and was not run: {attempt}"


def _pause(outcome: str | None, used: int) -> float:
    """Seconds until the task may be delivered again."""
    if outcome in ("retry", "expired"):
        return float(min(_FIRST_PAUSE_S * 2**used, _LONGEST_PAUSE_S))
    return float(COUNTDOWN_S) if outcome == "reschedule" else 0.0
