"""`ccli devops schedule` on a real platform and a real runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planned_project import Planned

from connect_cli_ext import completion


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
        # So does a folder in it, as with git; which project it is, is said beside the data.
        inside = tmp_path / "docs" / "pages"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        below = planned.ccli("devops", "schedule", "add", "tidy_up", *nightly, "-o", "json")
        assert json.loads(below.out)["environment"]["id"] == planned.devops.environment_id
        assert below.err == f"For {planned.devops.environment_id}, the project in {tmp_path}\n"
        triggered = planned.ccli("devops", "trigger", "scheduled_execution")
        assert f"for {planned.devops.extension_id}, the project in {tmp_path}" in triggered.out
        page = planned.ccli("devops", "open", "page", "--print")
        assert planned.devops.environment_id in page.err
        monkeypatch.chdir(tmp_path.parent)
        assert "Which environment?" in refused(1, "tidy_up", *nightly)
    listed = planned.json("schedule", "list")
    assert [item["name"] for item in listed] == ["Tidy up", "Tidy up", "refresh_prices by hand"]


def test_what_is_changed_of_a_schedule_leaves_the_rest(planned: Planned) -> None:
    def refused(status: int, *arguments: str) -> str:
        done = planned.ccli("devops", "schedule", "edit", made["id"], *arguments)
        assert done.status == status, done.out + done.err
        return " ".join(done.err.split())

    with planned.running():
        nightly = ("--every", "daily", "--at", "02:00", "--parameter", "word=old", "--parameter", "days=30")
        made = planned.json("schedule", "add", "refresh_prices", *nightly)
        edited = planned.ccli("devops", "schedule", "edit", made["id"], "--at", "03:00", "--parameter", "word=new")
        assert edited.status == 0, edited.err
        assert edited.out.strip() == (
            f"{made['id']}  Refresh prices  pending  every day at 03:00, next 2026-05-07 03:00:00 UTC"
        )
        planned.ccli("devops", "clock", "next")
        (task,) = planned.json("tasks", "--object", made["id"])
        planned.until(task["id"], "succeeded")
        assert planned.heard.read_text() == "new"
    assert planned.json("schedule", "show", made["id"])["parameter"] == {"word": "new", "days": 30}
    renamed = planned.json(
        "schedule", "edit", made["id"], "--name", "Prices", "--description", "All of them.", "--without", "days"
    )
    assert (renamed["name"], renamed["description"]) == ("Prices", "All of them.")
    assert renamed["parameter"] == {"word": "new"}
    assert renamed["trigger"]["start"].startswith("2026-05-07T03:00")
    planned.json("schedule", "disable", made["id"])
    assert planned.json("schedule", "edit", made["id"], "--every", "6h")["status"] == "disabled"
    assert planned.json("schedule", "enable", made["id"])["events"]["next_trigger"]["at"].startswith("2026-05-07T09:00")
    assert "--at" in refused(2)
    assert "it has word" in refused(2, "--without", "days")
    assert "as well" in refused(2, "--without", "word", "--parameter", "word=x")
    assert "--every" in refused(2, "--every", "fortnight")
    assert "name: " in refused(1, "--name", "")
    assert "No schedule" in planned.ccli("devops", "schedule", "edit", "EFS-1", "--name", "x").err


def test_ids_methods_and_extensions_are_completed(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(line: str) -> list[str]:
        with monkeypatch.context() as patch:
            # Nobody at a terminal waits here, and the machine may be busy.
            patch.setattr(completion, "_TIMEOUT_S", 10.0)
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
    for command in ("add", "disable", "edit", "enable", "list", "remove", "run", "show"):
        assert f"  {command} " in done.out
    assert json.loads(planned.ccli("devops", "schedule", "list", "-o", "json").out) == []
