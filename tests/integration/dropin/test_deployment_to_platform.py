"""A real repository, deployed to the real platform."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from git_project import MANIFEST, GitProject

from connect_cli_ext.accounts.store import Account, AccountStore
from connect_cli_ext.host import cli
from connect_devops.server import Platform
from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.extension import Deployment, deploy, deploy_extension

Deploy = Callable[..., Deployment]
lines: list[str] = []


@pytest.fixture(autouse=True)
def _fresh_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines.clear()
    monkeypatch.setenv("TOKEN", "s3cret")


async def deployed(project: GitProject, client: Any, tag: str | None = None) -> Deployment:
    return await asyncio.to_thread(deploy, project.url, client, lines.append, tag)


def services(client: Any) -> Any:
    return client("devops").services


def environment(client: Any, deployment: Deployment) -> Any:
    return services(client)[deployment.extension_id].environments[deployment.environment_id]


async def test_the_first_deployment_makes_the_extension_and_starts_it(client: Any, project: GitProject) -> None:
    project.release("v1.0")
    commit = project.release("v1.10.1", annotated=True)
    project.release("v1.9")
    project.release("nightly")
    deployment = await deployed(project, client)
    assert (deployment.tag, deployment.commit) == ("v1.10.1", commit)
    assert (deployment.created, deployment.action, deployment.status) == (True, "started", "running")
    assert deployment.variables == ("REGION", "TOKEN")

    def look() -> tuple[Any, Any, Any]:
        one = environment(client, deployment)
        return services(client)[deployment.extension_id].get(), one.get(), list(one.variables.all())

    extension, production, variables = await asyncio.to_thread(look)
    assert extension["type"] == "multiaccount"
    assert extension["package_id"] == "com.example.sorter"
    assert extension["overview"] == "# Sorter\n"
    assert extension["category"] == "CAT-00001"
    assert extension["icon"].startswith("data:image/svg+xml;base64,")
    assert production["type"] == "production"
    assert (production["runtime"], production["status"]) == ("cloud", "running")
    assert {key: production["git"][key] for key in ("url", "tag", "commit")} == {
        "url": project.url,
        "tag": "v1.10.1",
        "commit": commit,
    }
    assert [(item["name"], item["value"], item["secure"]) for item in variables] == [
        ("REGION", "EU", False),
        ("TOKEN", "*****", True),
    ]
    assert "s3cret" not in "\n".join(lines)


async def test_a_new_tag_stops_and_starts_the_environment(client: Any, project: GitProject) -> None:
    first = project.release("1.0.0")
    before = await deployed(project, client)
    commit = project.release("1.0.1", {"OVERVIEW.md": "# Newer\n"})
    after = await deployed(project, client)
    assert (after.extension_id, after.created, after.action) == (before.extension_id, False, "started")
    assert after.commit == commit
    assert any("Stopping" in line for line in lines)
    extension = await asyncio.to_thread(services(client)[after.extension_id].get)
    assert extension["overview"] == "# Newer\n"
    back = await deployed(project, client, "1.0.0")
    assert back.commit == first


async def test_the_same_tag_only_applies_changed_variables(client: Any, project: GitProject) -> None:
    plain = MANIFEST.replace("  TOKEN: {secure: true}\n", "")
    project.release("1.0", {"connect-deployment.yaml": plain})
    await deployed(project, client)
    assert (await deployed(project, client)).action == "unchanged"
    project.git("tag", "--delete", "1.0")
    project.release("1.0", {"connect-deployment.yaml": plain.replace("EU", "US")})
    again = await deployed(project, client)
    assert (again.action, again.variables) == ("started", ("REGION",))


async def test_secured_variables_count_as_changed(client: Any, project: GitProject) -> None:
    project.release("1.0")
    await deployed(project, client)
    again = await deployed(project, client)
    assert (again.action, again.variables) == ("configured", ("TOKEN",))


async def test_a_branch_of_the_same_name_does_not_hide_the_tag(client: Any, project: GitProject) -> None:
    commit = project.release("v2.0")
    project.git("checkout", "--quiet", "-b", "v2.0")
    project.git("commit", "--quiet", "--allow-empty", "--message", "later")
    assert (await deployed(project, client)).commit == commit


async def test_a_connected_local_environment_is_left_alone(
    client: Any, project: GitProject, platform: Platform
) -> None:
    project.release("1.0", {"connect-deployment.yaml": MANIFEST + "env: development\n"})
    body = {"type": "multiaccount", "name": "Mine", "package_id": "com.example.sorter"}
    extension = await asyncio.to_thread(services(client).create, body)
    development = extension["environments"]["development"]["id"]
    platform.services.environments.open_session(development, "here", "events")
    with pytest.raises(DeploymentError, match="runs in Local mode and a runner is connected: stop that runner"):
        await deployed(project, client)
    found = await asyncio.to_thread(services(client)[extension["id"]].environments[development].get)
    assert (found["runtime"], found["status"]) == ("local", "connected")


async def test_what_the_platform_refuses_is_told(client: Any, project: GitProject) -> None:
    project.release("1.0", {"connect-deployment.yaml": MANIFEST.replace("REGION:", "'not a name':")})
    with pytest.raises(DeploymentError, match=r"the variable not a name was refused: .*name"):
        await deployed(project, client)


async def test_existing_tools_get_errors_as_lines(client: Any, project: GitProject) -> None:
    project.release("nightly")
    assert await asyncio.to_thread(deploy_extension, project.url, client, lines.append) is False
    assert lines[-1].startswith("Error: the repository has no tag that is a version")
    project.release("1.0")
    assert await asyncio.to_thread(deploy_extension, project.url, client, lines.append, "1.0") is True


async def run_ccli(config_dir: Path, *arguments: str) -> Result:
    return await asyncio.to_thread(
        CliRunner().invoke, cli, ["--config-dir", str(config_dir), "project", "extension", "deploy", *arguments]
    )


async def test_the_command_deploys_and_tells_its_status(
    platform: Platform, project: GitProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "ccli"
    project.release("1.0")
    without = await run_ccli(config, project.url)
    assert without.exit_code == 1
    assert "no account is active" in without.output
    AccountStore(config).add(Account("VA-1", "Mine", f"{platform.url}/public/v1", platform.api_key))
    done = await run_ccli(config, project.url, "-o", "json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert (shown["tag"], shown["status"]) == ("1.0", "running")
    unknown = await run_ccli(config, project.url, "--tag", "3.0")
    assert unknown.exit_code == 1
    assert "no version's tag '3.0'; there are: 1.0" in unknown.output
    monkeypatch.delenv("TOKEN")
    missing = await run_ccli(config, project.url)
    assert missing.exit_code == 1
    assert "no value for TOKEN" in missing.output
    option = await run_ccli(config, "--", "--upload-pack=touch owned")
    assert option.exit_code == 1
    assert "not beginning with -" in option.output


@pytest.mark.parametrize("action", ["start", "stop"])
async def test_local_mode_is_not_started_by_the_platform(client: Any, project: GitProject, action: str) -> None:
    def attempt() -> str:
        made = services(client).create({"type": "multiaccount", "name": "Mine", "package_id": "com.example.other"})
        one = services(client)[made["id"]].environments[made["environments"]["test"]["id"]]
        with pytest.raises(Exception, match="Local mode") as caught:
            one(action).post()
        one.update({"runtime": "cloud"})
        if action == "start":
            with pytest.raises(Exception, match="set a repository and a tag first"):
                one("start").post()
        return str(caught.value)

    assert "cextrun" in await asyncio.to_thread(attempt)
