"""Random histories of faults at every message boundary: 500 of them, and 10,000 with ``CHAOS=full``."""

from __future__ import annotations

import pytest
from conftest import FULL
from history import History
from hypothesis import given, settings
from hypothesis import strategies as st

from connect_devops.domain.task import RetryPolicy


@pytest.mark.timeout(300)
@settings(max_examples=10_000 if FULL else 500, deadline=None)
@given(st.binary(min_size=60, max_size=240))
def test_no_history_of_faults_loses_or_doubles_work(script: bytes) -> None:
    history = History(script)
    history.publish()
    history.connect()
    history.play()
    accepted = dict(history.accepted)
    history.heal()

    assert accepted.items() <= history.accepted.items(), "an accepted result was lost"
    for task_id, row in history.rows.items():
        finals = [end for end in row.ends if end in ("success", "skip", "fail")]
        tries = 0
        for end in row.ends:
            tries = tries + 1 if end in ("retry", "lost") else 0
        limit = RetryPolicy().limit
        if finals:
            assert len(finals) == 1, f"{task_id} was settled twice: {row.ends}"
            assert row.ends[-1] == finals[0]
            assert row.status == {"success": "succeeded", "skip": "skipped", "fail": "failed"}[finals[0]]
        else:
            assert (row.status, tries) == ("failed", limit + 1), f"{task_id} was given up too early or late: {row.ends}"
        assert len(row.ends) == row.leases, "an attempt is missing"
        assert history.runs[task_id] <= row.leases


def test_task_that_always_asks_for_a_retry_is_tried_once_and_ten_times_more() -> None:
    history = History(b"")
    history.publish()
    history.connect()
    while history.rows["TQ-0"].status != "failed":
        history.time_passes()
        history.arrive_at_platform()
        history.arrive_at_runner()
        history.lease()
        history.arrive_at_runner()
        for task_id in list(history.running):
            history._finish(task_id, "retry")
        history.send_results()
        while history.to_platform or history.to_runner:
            history.arrive_at_platform()
            history.arrive_at_runner()

    assert history.rows["TQ-0"].ends == ["retry"] * 11
    assert history.runs["TQ-0"] == 11
