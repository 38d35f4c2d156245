"""The outbox: what is due, what is forgotten, and which deliveries it can answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.protocol.messages import Task, TaskInput, TaskOptions, TaskOutput
from connect_eaas.protocol.outbox import Outbox

RESULTS = ("success", "skip", "fail", "retry", "reschedule")


def delivery(task_id: str = "TQ-1", lease: str | None = "lease-1") -> Task:
    return Task(
        options=TaskOptions(task_id=task_id, task_category="background", correlation_id=lease),
        input=TaskInput(event_type="e", object_id="o"),
    )


def result(task_id: str = "TQ-1", lease: str | None = "lease-1", outcome: str = "success") -> Task:
    return delivery(task_id, lease).model_copy(update={"output": TaskOutput.model_validate({"result": outcome})})


def test_result_is_due_until_the_connection_took_it() -> None:
    outbox = Outbox()
    outbox.put(result())
    assert outbox.due() == [result()]

    assert not outbox.handed_over("lease-1", acknowledged_later=True)

    assert outbox.due() == []
    assert len(outbox) == 1
    assert "lease-1" in outbox


def test_unacknowledged_result_is_due_again_after_a_cut() -> None:
    outbox = Outbox()
    outbox.put(result())
    outbox.handed_over("lease-1", acknowledged_later=True)

    outbox.connection_lost()

    assert outbox.due() == [result()]


def test_acknowledgement_forgets() -> None:
    outbox = Outbox()
    outbox.put(result())

    assert outbox.acknowledged("lease-1")
    assert not outbox.acknowledged("lease-1")
    assert len(outbox) == 0


def test_without_acknowledgements_an_open_socket_is_enough() -> None:
    outbox = Outbox()
    outbox.put(result())

    assert outbox.handed_over("lease-1", acknowledged_later=False)
    outbox.connection_lost()

    assert outbox.due() == []


def test_task_without_output_is_no_result() -> None:
    with pytest.raises(ValueError, match="TQ-1 has no output"):
        Outbox().put(delivery())


@pytest.mark.parametrize("outcome", RESULTS)
def test_owed_result_answers_its_own_lease(outcome: str) -> None:
    outbox = Outbox()
    outbox.put(result(outcome=outcome))

    assert outbox.answer(delivery()) == result(outcome=outcome)


@pytest.mark.parametrize(("outcome", "known"), [*((kind, True) for kind in RESULTS[:3]), ("retry", False)])
def test_owed_final_result_answers_a_newer_lease_of_its_task(outcome: str, known: bool) -> None:
    outbox = Outbox()
    outbox.put(result(outcome=outcome))

    answer = outbox.answer(delivery(lease="lease-2"))

    assert answer == (result(lease="lease-2", outcome=outcome) if known else None)


@pytest.mark.parametrize("outcome", RESULTS)
def test_acknowledged_result_answers_its_lease_and_no_other(outcome: str) -> None:
    outbox = Outbox()
    outbox.put(result(outcome=outcome))
    outbox.acknowledged("lease-1")

    assert outbox.answer(delivery()) == result(outcome=outcome)
    assert outbox.answer(delivery(lease="lease-2")) is None


@pytest.mark.parametrize("outcome", RESULTS)
def test_platform_that_reuses_its_leases_gets_a_new_run_where_it_asked_for_one(outcome: str) -> None:
    """Without acknowledgements, and without correlation ids: the task's id is all that there is."""
    outbox = Outbox()
    outbox.put(result(lease=None, outcome=outcome))
    outbox.handed_over("TQ-1", acknowledged_later=False)

    answer = outbox.answer(delivery(lease=None))

    assert (answer is not None) == (outcome in ("success", "skip"))


def test_memory_is_bounded() -> None:
    outbox = Outbox(remembered=2)
    for number in range(3):
        outbox.put(result(task_id=f"TQ-{number}", lease=f"lease-{number}"))
        outbox.acknowledged(f"lease-{number}")

    assert [outbox.answer(delivery(f"TQ-{number}", f"lease-{number}")) is not None for number in range(3)] == [
        False,
        True,
        True,
    ]


_STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "take", "ack", "cut"]), st.integers(min_value=0, max_value=4)), max_size=60
)


@given(_STEPS)
def test_only_an_acknowledgement_forgets(steps: list[tuple[str, int]]) -> None:
    """A model: leases that were put and not acknowledged, and those that this connection took."""
    outbox = Outbox()
    owed: dict[str, bool] = {}
    for step, number in steps:
        lease = f"lease-{number}"
        if step == "put":
            outbox.put(result(f"TQ-{number}", lease))
            owed[lease] = False
        elif step == "take":
            outbox.handed_over(lease, acknowledged_later=True)
            if lease in owed:
                owed[lease] = True
        elif step == "ack":
            assert outbox.acknowledged(lease) == (owed.pop(lease, None) is not None)
        else:
            outbox.connection_lost()
            owed = dict.fromkeys(owed, False)
        assert set(outbox.leases) == set(owed)
        assert {task.options.lease for task in outbox.due()} == {name for name, taken in owed.items() if not taken}
