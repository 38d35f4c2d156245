"""Manifests and version tags."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.deployment.environment import get_git_data, stop_environment
from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.extension import choose_tag
from connect_eaas.deployment.git import Repository
from connect_eaas.deployment.manifest import Manifest, VariableValue, extract_arguments
from connect_eaas.deployment.versions import ConnectVersionTag, sort_tags


def read(tmp_path: Path, text: str, **environment: str) -> Manifest:
    (tmp_path / "connect-deployment.yml").write_text(text)
    return extract_arguments(tmp_path, environment)


def test_defaults(tmp_path: Path) -> None:
    found = read(tmp_path, "package_id: a.b")
    assert found == Manifest("a.b", "Extension for a.b", "multiaccount")


def test_the_type_is_read_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.plugins."connect.eaas.ext"]\ntfnapp = "p.t:T"\n')
    assert read(tmp_path, "package_id: a.b").type == "transformations"
    assert read(tmp_path, "package_id: a.b\ntype: multiaccount").type == "multiaccount"


def test_values_come_from_the_file_or_the_environment(tmp_path: Path) -> None:
    found = read(tmp_path, "package_id: a.b\nvar:\n  A: {value: x}\n  B:\n  C: {value: 5, secure: true}", A="no", B="y")
    assert found.variables == {"A": VariableValue("x"), "B": VariableValue("y"), "C": VariableValue("5", secure=True)}
    assert "'x'" not in repr(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x", "'package_id' is missing"),
        ("- a", "must hold a mapping"),
        ("", "must hold a mapping"),
        ("package_id: [", "line 1: this is no YAML"),
        ("package_id: !!python/object:os.system x", "this is no YAML"),
        ("package_id: 5", "'package_id' must be a text"),
        ("package_id: a.b\nenv: live", "'env' must be one of development, test, production, not 'live'"),
        ("package_id: a.b\ntype: hub", "'type' must be one of multiaccount, transformations"),
        ("package_id: a.b\nenvironment: test", "'environment' is not known"),
        ("package_id: a.b\noverview: README.md", "the repository has no file README.md"),
        ("package_id: a.b\noverview: /etc/passwd", "lies outside"),
        ("package_id: a.b\noverview: ../secret", "lies outside"),
        ("package_id: a.b\noverview: link", "lies outside"),
        ("package_id: a.b\nicon: data.bin", "must end in one of .png"),
        ("package_id: a.b\nvar: [A]", "'var' must be a mapping"),
        ("package_id: a.b\nvar: {A: x}", "'var.A' must be a mapping"),
        ("package_id: a.b\nvar: {A: {value: 1.10}}", "'var.A.value' is no text; put it in quotes"),
        ("package_id: a.b\nvar: {A: {value: yes}}", "'var.A.value' is no text"),
        ("package_id: a.b\nvar: {A: {secret: true}}", "'var.A.secret' is not known"),
        ("package_id: a.b\nvar: {A: {secure: 1}}", "'var.A.secure' must be true or false"),
        ("package_id: a.b\nvar: {A: , B: }", "no value for A, B"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    (tmp_path / "data.bin").touch()
    with pytest.raises(DeploymentError) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no connect-deployment\.yaml or connect-deployment\.yml"):
        extract_arguments(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), min_size=1, unique=True))
def test_the_newest_version_is_chosen(versions: list[tuple[int, int, int]]) -> None:
    tags = {f"v{major}.{minor}.{patch}": "c" for major, minor, patch in versions}
    newest = max(versions)
    assert choose_tag({**tags, "nightly": "c", "1": "c", "v1.2.3-rc": "c"}) == "v{}.{}.{}".format(*newest)
    assert [tag.version for tag in sort_tags(tags)] == sorted(versions, reverse=True)


def test_tags_that_are_no_versions() -> None:
    with pytest.raises(ValueError, match=r"looks like 1\.2"):
        ConnectVersionTag("latest")
    assert sort_tags(["x", "1.2.3.4", "1.2\n", "１.２", "1.2"]) == ["1.2"]
    with pytest.raises(DeploymentError, match="no tag that is a version"):
        choose_tag({"latest": "c"})
    with pytest.raises(DeploymentError, match=r"no version's tag 'latest'; there are: 1\.0"):
        choose_tag({"latest": "c", "1.0": "c"}, "latest")


def test_credentials_are_sent_apart_from_the_address() -> None:
    repository = Repository.of("https://user:p%40ss@git.example.com:8443/a/b.git")
    assert get_git_data(repository, "1.0", "c0ffee") == {
        "url": "https://git.example.com:8443/a/b.git",
        "tag": "1.0",
        "commit": "c0ffee",
        "auth": {"username": "user", "password": "p@ss"},
    }
    assert get_git_data(Repository.of("git@example.com:a/b.git"), "1.0", "c") == {
        "url": "git@example.com:a/b.git",
        "tag": "1.0",
        "commit": "c",
    }


class SlowEnvironment:
    """What the API client shows of an environment that takes some seconds to stop."""

    def __init__(self, seconds: float) -> None:
        self.left_s = seconds

    def __call__(self, action: str) -> SlowEnvironment:
        assert action == "stop"
        return self

    def post(self) -> dict[str, str]:
        return {"status": "stopping"}

    def get(self) -> dict[str, str]:
        return {"status": "stopping" if self.left_s > 0 else "stopped"}

    def pass_time(self, seconds: float) -> None:
        self.left_s -= seconds


def test_a_slow_stop_is_waited_for() -> None:
    lines: list[str] = []
    environment = SlowEnvironment(90)
    stop_environment(environment, lines.append, pause=environment.pass_time)
    assert environment.left_s == 0
    assert lines == ["Stopping the environment."]
    endless = SlowEnvironment(10_000)
    with pytest.raises(DeploymentError, match="still stopping after 120 seconds; deploy again"):
        stop_environment(endless, lines.append, pause=endless.pass_time)
