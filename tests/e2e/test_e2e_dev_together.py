"""Several `ccli devops dev` on one platform: who starts it, who stops it, and what each says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dev_process import Dev
from loop import PROJECTS, bare_environment, ccli, rendered_demo

from connect_cli_ext.devops.processes import platform_process
from connect_cli_ext.discovery import LocalPlatform, find_local_platform

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks that are shared"),
]

EXAMPLES = Path(__file__).parents[2] / "examples"
PURCHASE = "asset_purchase_request_processing"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**bare_environment(tmp_path), "PYTHONUNBUFFERED": "1", "EVERYTHING_FOR": "products"}


@pytest.fixture
def dev(tmp_path: Path, environ: dict[str, str]) -> Iterator[Callable[..., Dev]]:
    """Run a copy of a project on the platform of the test."""
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> Dev:
            project = tmp_path / name
            if not project.exists():
                shutil.copytree(PROJECTS / "everything", project, ignore=shutil.ignore_patterns("__pycache__"))
            made = Dev(project, environ, *(arguments or ("--port", "0")))
            stack.callback(made.close)
            return made

        yield start


def platform_of(environ: dict[str, str]) -> LocalPlatform:
    found = find_local_platform(environ)
    assert found is not None
    return found


def ended(platform: LocalPlatform) -> bool:
    """Wait until a process that is not ours has ended."""
    assert platform.data_dir is not None
    import fcntl

    with (platform.data_dir / "platform.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    return True


def test_the_platform_stays_until_the_last_one_leaves(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    first = dev("one")
    assert "started; ends with the last" in first.until("platform  ")
    first.until("connected to")
    platform = platform_of(environ)
    second = dev("two")
    assert "shared with another 'dev'; ends with the last" in second.until("platform  ")
    second.until("connected to")

    said = first.interrupt()
    assert first.process.returncode == 0
    assert f"The platform keeps running for another 'ccli devops dev': {platform.url}" in said
    assert platform_of(environ).pid == platform.pid
    made = ccli("devops", "trigger", PURCHASE, environ=environ)
    assert made.returncode == 0, made.stderr
    second.until(PURCHASE)
    assert "gone" not in second.said

    assert "The platform stopped." in second.interrupt()
    assert second.process.returncode == 0
    assert find_local_platform(environ) is None
    assert ended(platform)
    # And nothing is in the way of the next one.
    third = dev("one")
    third.until("connected to")
    assert "started; ends with the last" in third.said
    assert "The platform stopped." in third.interrupt()


def test_two_that_begin_at_once_have_one_platform(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    both = [dev("one"), dev("two")]
    lines = [one.until("platform  ") for one in both]
    assert sorted("(started;" in line for line in lines) == [False, True]
    assert len({line.split()[1] for line in lines}) == 1
    for one in both:
        one.until("connected to")
    ends = [one.interrupt() for one in both]
    assert ["keeps running" in end for end in ends] == [True, False]
    assert "The platform stopped." in ends[1]


def test_one_project_twice_is_two_runners_of_one_environment(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    first = dev("one")
    first.until("connected to")
    second = dev("one")
    second.until("connected to")
    assert "(known)" in second.said
    assert "another 'ccli devops dev' of this project" in second.said
    assert "another 'ccli devops dev'" not in first.said
    # The second one wrote nothing that the first would have had to load.
    assert "changed:" not in first.said
    first.interrupt()
    ccli("devops", "trigger", PURCHASE, environ=environ)
    second.until(PURCHASE)
    second.interrupt()


def test_the_platform_goes_when_everybody_was_killed(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    first = dev("one")
    first.until("connected to")
    platform = platform_of(environ)
    second = dev("two")
    second.until("connected to")
    first.process.kill()
    first.process.wait()
    ccli("devops", "trigger", PURCHASE, environ=environ)
    second.until(PURCHASE)
    second.process.kill()
    assert ended(platform)
    assert find_local_platform(environ) is None


def test_a_killed_platform_is_told_and_so_is_its_return(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    one = dev("one")
    one.until("connected to")
    platform = platform_of(environ)
    assert platform.pid is not None
    os.kill(platform.pid, signal.SIGKILL)
    one.until(f"The platform {platform.url} is gone; this 'dev' goes on when it is back.")
    advice = one.until("Start it again with: ccli devops start").split("ccli devops start")[1].split()
    with platform_process([*advice, "--quiet"], environ=environ):
        one.until("The platform is back")
        made = ccli("devops", "trigger", PURCHASE, environ=environ)
        assert made.returncode == 0, made.stderr
        one.until(f"succeeded    {PURCHASE}")
        said = one.interrupt()
        assert "The platform stopped" not in said
        # It is no platform of ours any more: whoever started it stops it.
        assert find_local_platform(environ) is not None


def test_a_platform_that_somebody_started_goes_on(dev: Callable[..., Dev], environ: dict[str, str]) -> None:
    with platform_process(["--quiet", "--port", "0"], environ=environ):
        one = dev("one")
        assert "goes on without us" in one.until("platform  ")
        one.until("connected to")
        said = one.interrupt()
        assert "The platform" not in said.partition("Stopping")[2]
        assert find_local_platform(environ) is not None


def test_a_platform_that_cannot_start_says_why(
    dev: Callable[..., Dev], environ: dict[str, str], tmp_path: Path
) -> None:
    with platform_process(["--quiet", "--port", "0"], environ=environ):
        port = platform_of(environ).url.rpartition(":")[2]
        environ["CONNECT_DEVOPS_DISCOVERY"] = str(tmp_path / "elsewhere" / "discovery.json")
        one = dev("one", "--port", port, "--data-dir", str(tmp_path / "other"))
        said = one.rest()
    assert one.process.returncode == 1
    assert "The platform did not start." in said
    assert port in said
    assert "Traceback" not in said


@pytest.mark.parametrize("made_by", ["template", "example"])
def test_what_dev_proposes_for_transformations_works_as_printed(
    dev: Callable[..., Dev], environ: dict[str, str], tmp_path: Path, made_by: str
) -> None:
    if made_by == "template":
        project = rendered_demo(tmp_path, "extension_type=transformations")
    else:
        project = Path(shutil.copytree(EXAMPLES / "transformations", tmp_path / "transformations"))
    one = dev(project.name)
    _, *command = shlex.split(one.until("try  ").split("try", 1)[1])
    # The last of its sessions: then the platform knows the transformations.
    one.until("runner.transformations INFO")
    made = ccli(*command, "-o", "json", environ=environ)
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert answer["tasks"], answer["notes"]
    assert answer["notes"] == []
    one.until("succeeded    billing_transformation_request")
    one.interrupt()
