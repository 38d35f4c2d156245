"""The journal of results: what was written is found again, whatever happened to the file's end."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.protocol.messages import Task, TaskInput, TaskOptions, TaskOutput
from connect_eaas.runner.outbox_file import OutboxFile


def a_result(number: int, *, category: str = "background", message: str | None = None) -> Task:
    return Task(
        options=TaskOptions(
            task_id=f"TQ-{number}",
            task_category=category,
            correlation_id=f"lease-{number}",
            api_key="ApiKey SU-1:installation-secret",
        ),
        input=TaskInput(event_type="e", object_id="o"),
        output=TaskOutput(result="success", message=message),
    )


def leases(journal: OutboxFile) -> list[str]:
    return [task.options.lease for task in journal.restored]


def test_results_are_found_again_in_order_without_those_dropped(tmp_path: Path) -> None:
    journal = OutboxFile(tmp_path / "outbox.jsonl")
    for number in range(4):
        journal.put(a_result(number, message=f"message {number}"))
    journal.drop("lease-1")
    journal.drop("lease-unknown")
    # No close: as if the process had been killed.

    restored = OutboxFile(tmp_path / "outbox.jsonl").restored

    assert [task.options.lease for task in restored] == ["lease-0", "lease-2", "lease-3"]
    assert restored[1].output is not None
    assert restored[1].output.message == "message 2"
    assert all(task.options.api_key is None for task in restored)
    journal.close()


def test_file_is_private_and_holds_no_key(tmp_path: Path) -> None:
    path = tmp_path / "outbox.jsonl"
    journal = OutboxFile(path)
    journal.put(a_result(1))
    journal.close()

    assert path.stat().st_mode & 0o777 == 0o600
    assert "installation-secret" not in path.read_text()
    again = OutboxFile(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again.close()


def test_interactive_results_are_not_kept(tmp_path: Path) -> None:
    journal = OutboxFile(tmp_path / "outbox.jsonl")
    journal.put(a_result(1, category="interactive"))
    journal.close()

    assert (tmp_path / "outbox.jsonl").read_bytes() == b""


def test_journal_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connect_eaas.runner.outbox_file._COMPACT_AFTER_BYTES", 2000)
    path = tmp_path / "outbox.jsonl"
    journal = OutboxFile(path)
    journal.put(a_result(0))
    for number in range(1, 200):
        journal.put(a_result(number))
        journal.drop(f"lease-{number}")

    assert path.stat().st_size < 4000
    journal.close()
    again = OutboxFile(path)
    assert leases(again) == ["lease-0"]
    again.close()


@pytest.mark.parametrize(
    "tail",
    [
        b'{"put": {"options"',
        b"\x00" * 100,
        b"nonsense\n",
        b"[1]\n",
        b'{"put": 3}\n',
        b'{"drop": null}\n',
        b"[" * 99_999,
    ],
)
def test_broken_tail_loses_only_itself(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "outbox.jsonl"
    journal = OutboxFile(path)
    journal.put(a_result(1))
    journal.close()
    with path.open("ab") as file:
        file.write(tail)

    again = OutboxFile(path)
    again.put(a_result(2))
    again.close()
    third = OutboxFile(path)

    assert leases(third) == ["lease-1", "lease-2"]
    third.close()


def test_directory_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="outbox"):
        OutboxFile(tmp_path / "nowhere" / "outbox.jsonl")


def test_sync_and_close_may_be_repeated(tmp_path: Path) -> None:
    journal = OutboxFile(tmp_path / "outbox.jsonl")
    journal.put(a_result(1))
    assert journal.unsynced
    journal.sync()
    assert not journal.unsynced
    journal.close()
    journal.close()
    journal.sync()


_STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop", "reopen"]), st.integers(0, 5)), max_size=40)


@given(_STEPS, st.data())
def test_cut_anywhere_keeps_all_complete_lines(steps: list[tuple[str, int]], data: Any) -> None:
    """A file cut after any byte restores exactly what its complete lines say."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "outbox.jsonl"
        journal = OutboxFile(path)
        owed: list[str] = []
        for step, number in steps:
            lease = f"lease-{number}"
            if step == "put":
                journal.put(a_result(number))
                if lease not in owed:
                    owed.append(lease)
            elif step == "drop":
                journal.drop(lease)
                owed = [name for name in owed if name != lease]
            else:
                journal.close()
                journal = OutboxFile(path)
                assert set(leases(journal)) == set(owed)
        journal.close()
        content = path.read_bytes()
        cut = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:cut])
        expected: dict[str, None] = {}
        for line in content[:cut].split(b"\n")[:-1]:
            record = json.loads(line)
            if "drop" in record:
                expected.pop(record["drop"], None)
            else:
                expected[record["put"]["options"]["correlation_id"]] = None
        last = content[:cut].rpartition(b"\n")[2]
        if last and content[cut : cut + 1] == b"\n":  # cut right before the line's end: it is complete
            record = json.loads(last)
            if "drop" in record:
                expected.pop(record["drop"], None)
            else:
                expected[record["put"]["options"]["correlation_id"]] = None
        again = OutboxFile(path)
        again.close()

        assert set(leases(again)) == set(expected)
