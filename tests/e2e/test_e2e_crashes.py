"""Promise: delivery is at least once, and every attempt is kept, whoever is killed, and whenever."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from loop import PROJECTS, Loop, pause, resume

from connect_cli_ext.devops.demo_cases import CASES, Outcome

pytestmark = pytest.mark.e2e

HELD = """
    '''The template's extension, held up just before it approves.'''

    from connect_ext.extension import DemoExtensionEventsApplication
    from connect_ext.telling import tell, wait_at_the_gate


    class HeldApplication(DemoExtensionEventsApplication):
        def approve_asset_request(self, request):
            tell(approving=request["id"])
            wait_at_the_gate()
            super().approve_asset_request(request)

        def approve_tier_request(self, request):
            tell(approving=request["id"])
            wait_at_the_gate()
            super().approve_tier_request(request)
"""


@pytest.fixture
def held_project(demo_project: Path, tmp_path: Path) -> Path:
    """The demo's project, whose approvals wait at the gate."""
    project = tmp_path / "source" / demo_project.name
    shutil.copytree(demo_project, project, ignore=shutil.ignore_patterns(".git"))
    shutil.copy(PROJECTS / "probe" / "probe_ext" / "telling.py", project / "connect_ext")
    (project / "connect_ext" / "held.py").write_text(dedent(HELD))
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    wanted = "connect_ext.extension:DemoExtensionEventsApplication"
    assert wanted in text
    pyproject.write_text(text.replace(wanted, "connect_ext.held:HeldApplication"))
    return project


def outcomes(loop: Loop, task: Mapping[str, Any]) -> list[str]:
    return [attempt["outcome"] for attempt in loop.attempts(task["id"])]


@pytest.mark.parametrize(
    ("victims", "attempts"),
    [
        (("runner",), ["lost", "success"]),
        (("platform",), ["success"]),
        (("runner", "platform"), ["lost", "success"]),
        (("platform", "runner"), ["lost", "success"]),
    ],
    ids=["runner", "platform", "runner then platform", "platform then runner"],
)
def test_a_kill_in_the_middle_of_the_demo_loses_no_task(
    make_loop: Callable[..., Loop], held_project: Path, victims: tuple[str, ...], attempts: list[str]
) -> None:
    loop = make_loop(held_project)
    loop.start_runner()
    stage = loop.stage
    begun = {case.title: (case, case.begin(stage)) for case in CASES}
    by_title = {title.partition(",")[0].partition(":")[0]: outcome for title, (_, outcome) in begun.items()}
    held = [
        next(outcome for title, (_, outcome) in begun.items() if start in title).object_id
        for start in ("variable that was just changed", "change request", "tier configuration")
    ]
    assert {loop.journal.expect()["approving"] for _ in held} == set(held)
    not_ready: Outcome = next(outcome for title, (_, outcome) in begun.items() if "not ready" in title)
    exploding = by_title["purchase request whose handler raises"]

    def task_of(object_id: str) -> dict[str, Any]:
        return [task for task in loop.tasks() if task["object"]["id"] == object_id][-1]

    loop.until(lambda: task_of(not_ready.object_id)["status"] == "rescheduled", "one is rescheduled")
    loop.until(lambda: task_of(exploding.object_id)["status"] == "retrying", "one is retried")
    assert {task_of(object_id)["status"] for object_id in held} == {"processing"}

    for victim in victims:
        (loop.kill_runner if victim == "runner" else loop.kill_platform)()
    if "platform" in victims:
        loop.start_platform()
    if "runner" in victims:
        loop.start_runner(connected=False)
    loop.journal.open_gate()
    assert not_ready.while_waiting is not None
    not_ready.while_waiting()
    loop.settle()

    for object_id in held:
        assert task_of(object_id)["status"] == "succeeded"
        assert outcomes(loop, task_of(object_id)) == attempts
    requests = [loop.client.get(f"/requests/{object_id}") for object_id in (*held[:2], not_ready.object_id)]
    assert [request["status"] for request in requests] == ["approved"] * 3
    assert loop.client.get(f"/tier/config-requests/{held[2]}")["status"] == "approved"
    # Those that nobody was working on are not changed by it: the demo's own judgement counts.
    for case, outcome in begun.values():
        if outcome.object_id not in held:
            task = [task for task in loop.tasks() if task["object"]["type"] == case.event_type][-1]
            if outcome.object_id:
                task = task_of(outcome.object_id)
            assert case.check(stage, outcome, task, loop.attempts(task["id"])) == [], case.title


def test_kills_at_any_moment_lose_no_task(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop(CONNECT_MAX_RUNNING_TASKS="3")
    loop.start_runner()
    made = [loop.purchase("hold")[1] for _ in range(30)]

    def until_done(number: int) -> None:
        """Until so many are done, or those left wait for a later time."""

        def enough() -> bool:
            tasks = loop.tasks()
            done = sum(task["status"] == "succeeded" for task in tasks)
            return done >= number or not any(task["status"] in ("scheduled", "processing") for task in tasks)

        loop.until(enough, f"{number} are done")

    for _ in range(3):
        loop.journal.expect(word="hold")
    loop.kill_runner()
    loop.start_runner(connected=False)
    for _ in range(3):
        loop.journal.expect(word="hold")
    loop.journal.open_gate()
    until_done(5)
    loop.kill_platform()
    loop.start_platform()
    until_done(12)
    loop.kill_platform()
    loop.kill_runner()
    loop.start_platform()
    loop.start_runner(connected=False)
    until_done(20)
    loop.kill_runner()
    loop.start_runner(connected=False)
    tasks = {task["id"]: task for task in loop.settle()}
    assert [tasks[task_id]["status"] for task_id in made] == ["succeeded"] * len(made)
    endings = [outcomes(loop, {"id": task_id}) for task_id in made]
    assert all(ending[-1] == "success" for ending in endings)
    assert {outcome for ending in endings for outcome in ending} <= {"success", "lost", "retry"}
    # All thirty were in the hands of the first runner, and each of them shows it.
    assert all(ending[0] == "lost" for ending in endings)


def test_a_stale_result_is_refused_and_shown(make_loop: Callable[..., Loop]) -> None:
    loop = make_loop()
    slow = loop.start_runner()
    request, task = loop.purchase("hold")
    worker = loop.journal.expect(began=request)["pid"]
    # The line breaks and the runner does not come back: it is frozen until somebody else has done its work.
    pause(slow)
    loop.kill_platform()
    loop.start_platform()
    quick = loop.start_runner(PROBE_IGNORES_THE_GATE="1")
    loop.advance(60)
    assert loop.until_status(task, "succeeded")["attempt_count"] == 2
    done = loop.task(task)
    loop.journal.open_gate()
    resume(slow)
    loop.journal.expect(ended=request, pid=worker)

    def late() -> Any:
        return loop.attempts(task)[0]["late"]

    # Late results do not change the task, so no event tells of them: they are there once the runner has reported.
    loop.purchase()
    loop.settle()
    slow.stop()
    quick.stop()
    first, second = loop.attempts(task)
    assert (first["outcome"], second["outcome"]) == ("lost", "success")
    assert late() is not None, first
    assert late()["result"] == "success"
    assert loop.task(task) == done
