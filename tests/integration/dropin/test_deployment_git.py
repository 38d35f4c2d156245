"""Reading repositories: what may go wrong, and what must not leak."""

from __future__ import annotations

import base64
import functools
import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from git_project import GitProject

from connect_eaas.deployment.errors import GitError
from connect_eaas.deployment.git import Repository, clone_repo, list_tags


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Plain files, for those who know the password."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        type(self).seen.append(given)
        if given != "Basic " + base64.b64encode(b"bot:t0ken/x").decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served(directory: Path) -> Iterator[tuple[int, type[Guarded]]]:
    handler = type("Handler", (Guarded,), {"seen": []})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(directory))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], handler
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_credentials_reach_git_but_no_argument_and_no_message(
    project: GitProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = project.release("1.0")
    project.git("update-server-info")
    # A `git` that writes down how it was called, and then does it.
    written, real = tmp_path / "called", os.environ["PATH"]
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> "{written}"\nPATH="{real}" exec git "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{real}")
    with served(project.directory) as (port, handler):
        repository = Repository.of(f"http://bot:t0ken%2Fx@127.0.0.1:{port}/.git")
        assert repository.url == f"http://127.0.0.1:{port}/.git"
        assert "t0ken" not in f"{repository} {repository!r}"
        assert list_tags(repository) == {"1.0": commit}
        assert clone_repo(repository, "1.0", tmp_path / "clone") == commit
        assert (tmp_path / "clone" / "connect-deployment.yaml").is_file()
        assert "t0ken" not in written.read_text()
        assert "t0ken" not in (tmp_path / "clone" / ".git" / "config").read_text()
        with pytest.raises(GitError) as caught:
            list_tags(f"http://bot:wrong-one@127.0.0.1:{port}/.git")
        assert "wrong-one" not in str(caught.value)
        # Without credentials git fails instead of asking.
        with pytest.raises(GitError, match=r"127\.0\.0\.1"):
            list_tags(f"http://127.0.0.1:{port}/.git")
        assert handler.seen


def test_a_redirect_does_not_take_the_password_along(project: GitProject, tmp_path: Path) -> None:
    project.release("1.0")
    project.git("update-server-info")
    with served(project.directory) as (port, handler):

        class Elsewhere(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{port}{self.path}")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                with pytest.raises(GitError):
                    list_tags(f"http://bot:t0ken%2Fx@127.0.0.1:{server.server_address[1]}/.git")
            finally:
                server.shutdown()
                thread.join()
        assert set(handler.seen) == {""}


def test_a_silent_server_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(GitError, match=r"git did not answer within 0\.5 seconds"):
            list_tags(f"http://127.0.0.1:{port}/x.git", timeout_s=0.5)


@pytest.mark.parametrize(
    "address",
    ["--upload-pack=touch owned", "-x", "", "ext::sh -c touch% owned", "ext://x", "https://", "http://h:port/x", "no"],
)
def test_what_is_no_repository_is_refused(address: str) -> None:
    # In our words: git is not even asked.
    with pytest.raises(GitError, match=r"^the repository('s URL)? "):
        list_tags(address)
    assert not Path("owned").exists()


def test_unknown_tags_and_full_directories_are_told(project: GitProject, tmp_path: Path) -> None:
    project.release("1.0")
    with pytest.raises(GitError, match=r"v9\.0"):
        clone_repo(project.url, "v9.0", tmp_path / "a")
    for tag in ("--force", "a..b", "a b", ""):
        with pytest.raises(GitError):
            clone_repo(project.url, tag, tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").touch()
    with pytest.raises(GitError, match="not empty"):
        clone_repo(project.url, "1.0", tmp_path / "b")


def test_a_directory_here_is_a_repository_too(project: GitProject, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = project.release("1.0")
    monkeypatch.chdir(project.directory.parent)
    # As set while git runs a hook: not to be taken for this repository.
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert list_tags(project.directory.name) == {"1.0": commit}
