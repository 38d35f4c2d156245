"""Reads a remote git repository: its tags, and the files of one of them.

Safe against what an address can smuggle in: it is never taken for an option, only ordinary transports are allowed, git
never asks for a password, and credentials in the address reach git through its environment, for that host only, so
that neither the process list nor a message shows them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from connect_eaas.deployment.errors import GitError

__all__ = ["DEFAULT_CLONE_DIR", "Repository", "clone_repo", "list_tags"]

DEFAULT_CLONE_DIR: Final = "extension"
"""Name of the clone's directory, inside a temporary one of its own: a fixed place would be open to others."""

_LIST_TIMEOUT_S: Final = 60.0
_FETCH_TIMEOUT_S: Final = 600.0
_SCHEMES: Final = ("https", "http", "ssh", "git", "file")
_SCP_LIKE: Final = re.compile(r"[\w.-]+@[\w.-]+:[^\s]+")
# Answers git's question for this host from variables, so that no argument holds a secret.
_HELPER: Final = (
    '!f() { test "$1" = get || return 0; '
    'printf "username=%s\\npassword=%s\\n" "$CONNECT_GIT_USERNAME" "$CONNECT_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True)
class Repository:
    """A repository's address, with its credentials apart.

    Use ``Repository.of``. ``url`` may be shown; ``username`` and ``password`` may not.
    """

    url: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, address: str) -> Repository:
        """Read an address: a URL, ``user@host:path``, or a directory on this machine.

        Raises:
            GitError: it is none of these. The text never shows credentials.
        """
        text = address.strip()
        if not text.startswith("-") and "://" not in text and Path(text or "-").is_dir():
            return cls(Path(text).resolve().as_uri())
        if not text or text.startswith("-") or not text.isprintable() or any(character.isspace() for character in text):
            raise GitError("the repository must be a URL of a git repository, without spaces and not beginning with -")
        if "://" not in text:
            if _SCP_LIKE.fullmatch(text):
                return cls(text)
            raise GitError("the repository is neither a URL, nor user@host:path, nor a directory here")
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError:
            raise GitError("the repository's URL cannot be read: its host or port is malformed") from None
        if parts.scheme not in _SCHEMES:
            raise GitError(f"the repository's URL must begin with one of {', '.join(_SCHEMES)}, not {parts.scheme!r}")
        if parts.scheme != "file" and not parts.hostname:
            raise GitError("the repository's URL names no host")
        if parts.scheme not in ("http", "https") or parts.username is None:
            return cls(text)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        credentials = unquote(parts.username), unquote(parts.password or "")
        if not "".join(credentials).isprintable():
            raise GitError("the user name or the password in the repository's URL has characters that cannot be sent")
        return cls(bare, *credentials)

    def __str__(self) -> str:
        return self.url

    def variables(self) -> dict[str, str]:
        """Environment variables that give git the credentials, for this host only."""
        if not self.username:
            return {}
        parts: SplitResult = urlsplit(self.url)
        return {
            "GIT_CONFIG_COUNT": "2",
            # The empty value forgets the helpers of the user's configuration.
            "GIT_CONFIG_KEY_0": "credential.helper",
            "GIT_CONFIG_VALUE_0": "",
            "GIT_CONFIG_KEY_1": f"credential.{parts.scheme}://{parts.netloc}.helper",
            "GIT_CONFIG_VALUE_1": _HELPER,
            "CONNECT_GIT_USERNAME": self.username,
            "CONNECT_GIT_PASSWORD": self.password,
        }


def list_tags(repo: str | Repository, *, timeout_s: float = _LIST_TIMEOUT_S) -> dict[str, str]:
    """Return all tags of a remote repository with the commits that they point at.

    Raises:
        GitError: it cannot be read within ``timeout_s`` seconds.
    """
    repository = _repository(repo)
    listed = _git(["ls-remote", "--tags", "--", repository.url], repository, timeout_s=timeout_s)
    tags: dict[str, str] = {}
    for line in listed.splitlines():
        commit, _, reference = line.partition("\t")
        name = reference.removeprefix("refs/tags/")
        # An annotated tag is listed twice; the second line, marked so, has its commit.
        tags[name.removesuffix("^{}")] = commit
    return tags


def clone_repo(repo: str | Repository, tag: str, directory: str | Path, *, timeout_s: float = _FETCH_TIMEOUT_S) -> str:
    """Put the files of a tag into ``directory``, which is made or must be empty.

    Returns:
        The commit.

    Raises:
        GitError: there is no such tag, the directory has something in it, or the repository cannot be read in time.
    """
    repository, target = _repository(repo), Path(directory)
    reference = f"refs/tags/{tag}"
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise GitError(f"{target}: is not empty, so nothing is cloned into it")
    # A branch may have the same name as the tag, therefore no `clone --branch`.
    _git(["check-ref-format", reference], repository, timeout_s=timeout_s, problem=f"{tag!r} cannot be a tag")
    _git(["init", "--quiet", "--template=", "--", str(target)], repository, timeout_s=timeout_s)
    inside = ["-C", str(target)]
    fetch = ["--quiet", "--no-tags", "--", repository.url, f"{reference}:{reference}"]
    try:
        _git([*inside, "fetch", "--depth=1", *fetch], repository, timeout_s=timeout_s)
    except GitError as error:
        if "shallow" not in str(error):
            raise
        # A plain file server gives whole histories only.
        _git([*inside, "fetch", *fetch], repository, timeout_s=timeout_s)
    _git([*inside, "checkout", "--quiet", "--detach", reference, "--"], repository, timeout_s=timeout_s)
    return _git([*inside, "rev-parse", "--verify", "HEAD"], repository, timeout_s=timeout_s).strip()


def _repository(repo: str | Repository) -> Repository:
    return repo if isinstance(repo, Repository) else Repository.of(repo)


def _git(arguments: Sequence[str], repository: Repository, *, timeout_s: float, problem: str | None = None) -> str:
    command = ["git", *arguments]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(repository),
            # git's helpers hold the pipes too: all of them end together.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise GitError("git is not installed, or not on the PATH") from None
    with process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except BaseException as error:
            _kill(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise GitError(f"{repository}: git did not answer within {timeout_s:g} seconds") from None
            raise
    if process.returncode != 0:
        said = _scrubbed(errors.decode(errors="replace").strip(), repository)
        raise GitError(f"{repository}: {problem or said or f'git ended with status {process.returncode}'}")
    return output.decode(errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment(repository: Repository) -> Mapping[str, str]:
    # A caller's own repository must not be taken for this one.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept = {name: value for name, value in os.environ.items() if name.startswith(("GIT_SSH", "GIT_SSL", "GIT_PROXY"))}
    return {
        **ours,
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        **kept,
        "GIT_ALLOW_PROTOCOL": ":".join(_SCHEMES),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "LC_ALL": "C",
        **repository.variables(),
    }


def _scrubbed(text: str, repository: Repository) -> str:
    for secret in (repository.password, repository.username):
        if secret:
            text = text.replace(secret, "***")
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())[:2000]
