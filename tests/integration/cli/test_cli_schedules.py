"""`ccli devops schedule` on a real platform and a real runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planned_project import Planned


def test_a_nightly_job_is_one_line_and_its_time_comes_when_the_clock_is_moved(planned: Planned) -> None:
    with planned.running():
        made = planned.ccli(
            "devops", "schedule", "add", "refresh_prices", "--every", "daily", "--at", "02:00", "--parameter", "word=x"
        )
        assert made.status == 0, made.err
        identifier, _, rest = made.out.strip().partition("  ")
        assert rest == "Refresh prices  pending  every day at 02:00, next 2026-05-07 02:00:00 UTC"
        assert planned.ccli("devops", "clock", "next").out.startswith("2026-05-07T02:00:00")
        (task,) = planned.json("tasks", "--object", identifier)
        planned.until(task["id"], "succeeded")
        assert planned.heard.read_text() == "x"
        shown = planned.json("schedule", "show", identifier)
        assert shown["last_task"]["status"] == "succeeded"
        assert shown["events"]["next_trigger"]["at"].startswith("2026-05-08T02:00:00")
        text = planned.ccli("devops", "schedule", "show", identifier).out
        assert "every day at 02:00" in text
        assert '{"word": "x"}' in text
        assert task["id"] in text


def test_a_schedule_is_run_now_disabled_enabled_and_removed(planned: Planned) -> None:
    with planned.running():
        made = planned.json("schedule", "add", "tidy_up", "--every", "6h", "--name", "Broom", "--parameter", "days=[3]")
        assert (made["name"], made["parameter"], made["status"]) == ("Broom", {"days": [3]}, "enabled")
        identifier = made["id"]
        ran = planned.json("schedule", "run", identifier)
        assert ran["object"]["id"] == identifier
        planned.until(ran["id"], "succeeded")
        (listed,) = planned.json("schedule", "list")
        assert listed["id"] == identifier
        disabled = planned.ccli("devops", "schedule", "disable", identifier)
        assert "disabled" in disabled.out
        assert "next" not in disabled.out
        assert planned.json("schedule", "enable", identifier)["status"] == "enabled"
    assert "Broom" in planned.ccli("devops", "schedule", "list").out
    ran_alone = planned.ccli("devops", "schedule", "run", identifier)
    assert ran_alone.status == 0
    assert "waits for a runner" in ran_alone.out
    assert planned.ccli("devops", "schedule", "remove", identifier).status == 0
    assert planned.json("schedule", "list") == []
    gone = planned.ccli("devops", "schedule", "show", identifier)
    assert gone.status == 1
    assert identifier in gone.err
    assert "ccli devops schedule list" in gone.err


def test_what_cannot_be_planned_is_refused_with_what_was_expected(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(status: int, *arguments: str) -> str:
        done = planned.ccli("devops", "schedule", "add", *arguments)
        assert done.status == status, done.out + done.err
        return " ".join(done.err.split())

    nightly = ("--every", "daily", "--at", "02:00")
    assert "ccli devops dev" in refused(1, "refresh_prices", *nightly)
    with planned.running():
        unknown = refused(1, "refresh_price", *nightly)
        assert "refresh_prices, tidy_up" in unknown
        assert "Did you mean refresh_prices?" in unknown
        assert "--cron '0 2 * * *'" in refused(2, "tidy_up")
        assert "--at" in refused(2, "tidy_up", "--every", "daily", "--at", "noon")
        assert "--every" in refused(2, "tidy_up", "--every", "fortnight")
        assert "trigger.cron_expression" in refused(1, "tidy_up", "--cron", "61 * * * *")
        assert "name=value" in refused(2, "tidy_up", *nightly, "--parameter", "days")
        assert "No environment ENV-1" in refused(1, "tidy_up", *nightly, "-e", "ENV-1")
        assert "No extension SRVC-1" in refused(1, "tidy_up", *nightly, "-x", "SRVC-1")
        other = planned.devops.call("POST", "/devops/services", {"name": "Other", "type": "products"})
        both = refused(1, "tidy_up", *nightly)
        assert planned.devops.environment_id in both
        assert other["environments"]["development"]["id"] in both
        # The folder of a project that the platform knows says which one is meant.
        body = {"directory": str(tmp_path), "environment": planned.devops.environment_id}
        planned.devops.call("POST", "/devops/local/projects", body)
        monkeypatch.chdir(tmp_path)
        made = planned.json("schedule", "add", "tidy_up", *nightly)
        assert made["environment"]["id"] == planned.devops.environment_id
    assert len(planned.json("schedule", "list")) == 1


def test_ids_methods_and_extensions_are_completed(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(line: str) -> list[str]:
        with monkeypatch.context() as patch:
            patch.setenv("_CCLI_COMPLETE", "bash_complete")
            patch.setenv("COMP_WORDS", line)
            patch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
            return [item.partition(",")[2] for item in planned.ccli().out.splitlines() if item]

    with planned.running():
        assert complete("ccli devops schedule add ") == ["refresh_prices", "tidy_up"]
        made = planned.json("schedule", "add", "tidy_up", "--every", "monthly")
        failed = planned.purchase("no", "failed")
    assert complete("ccli devops schedule run EFS") == [made["id"]]
    assert complete("ccli devops schedule list -x S") == [planned.devops.extension_id]
    assert complete("ccli devops retry TQ") == [failed]


def test_the_group_explains_itself_without_a_platform(planned: Planned) -> None:
    done = planned.ccli("devops", "schedule", "-h")
    assert done.status == 0
    for command in ("add", "disable", "enable", "list", "remove", "run", "show"):
        assert f"  {command} " in done.out
    assert json.loads(planned.ccli("devops", "schedule", "list", "-o", "json").out) == []
