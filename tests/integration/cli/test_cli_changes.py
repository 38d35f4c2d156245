from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.errors import FileError
from connect_cli_ext.project.changes import WORKSHOP, Changes, recover

NAMES = st.sampled_from(["a.txt", "b.txt", "deep/c.txt", "deep/er/d.txt"])


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@given(before=st.dictionaries(NAMES, st.binary(max_size=5)), written=st.dictionaries(NAMES, st.binary(max_size=5)))
def test_files_are_written_and_removed_and_nothing_is_left_over(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, bytes], written: dict[str, bytes]
) -> None:
    project = tmp_path_factory.mktemp("project")
    for name, content in before.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content)
    changes = Changes()
    for name, content in written.items():
        changes.write(name, content)
    for name in before.keys() - written.keys():
        changes.remove(name)
    changes.apply(project)
    assert tree(project) == written
    folders = {path for path in project.rglob("*") if path.is_dir()}
    assert all(any(path.iterdir()) for path in folders)


def test_a_failure_in_the_middle_puts_everything_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "gone").write_text("still here")
    # A file cannot take the place of a folder: the second rename fails.
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "inside").write_text("x")
    before = tree(tmp_path)
    changes = Changes()
    changes.write("a", "new")
    changes.write("b", "new")
    changes.write("z", "new")
    changes.remove("gone")
    with pytest.raises(FileError, match="cannot be written"):
        changes.apply(tmp_path)
    assert tree(tmp_path) == before


def test_modes_are_kept_and_given(tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("old")
    (tmp_path / "tool").chmod(0o750)
    changes = Changes()
    changes.write("tool", "new")
    changes.write("made", "new", mode=0o711)
    changes.apply(tmp_path)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("tool", "made")] == [0o750, 0o711]


@pytest.mark.parametrize("path", ["../outside", "/outside", "a/../../outside"])
def test_nothing_outside_of_the_project_is_touched(tmp_path: Path, path: str) -> None:
    changes = Changes()
    changes.write(path, "x")
    with pytest.raises(FileError, match="outside of the project"):
        changes.apply(tmp_path)
    assert tree(tmp_path) == {}


def test_a_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("real")
    (tmp_path / "link").symlink_to("real")
    changes = Changes()
    changes.write("link", "x")
    with pytest.raises(FileError, match="is a link"):
        changes.apply(tmp_path)
    assert (tmp_path / "real").read_text() == "real"


KILLED = """
import os, sys
from pathlib import Path
from connect_cli_ext.project.changes import Changes


changes = Changes()
for name in ("a", "b", "new/c"):
    changes.write(name, "new " + name)
changes.remove("gone")
project, calls = Path(sys.argv[1]), 0
replace = Path.replace

def until(self, target):
    global calls
    calls += 1
    if calls == int(sys.argv[2]):
        os._exit(9)
    return replace(self, target)

Path.replace = until
changes.apply(project)
"""


@pytest.mark.parametrize("when", [1, 2, 3, 4])
def test_after_a_kill_the_next_command_takes_it_back(tmp_path: Path, when: int) -> None:
    for name in ("a", "b", "gone"):
        (tmp_path / name).write_text(f"old {name}")
    before = tree(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(when)], check=False, env=dict(os.environ), capture_output=True
    )
    assert (done.returncode, done.stderr) == (9, b"")
    assert (tmp_path / WORKSHOP).is_dir()
    restored = recover(tmp_path)
    assert tree(tmp_path) == before
    assert len(restored) == max(0, when - 2)
    assert recover(tmp_path) == ()


def test_what_was_edited_after_the_kill_is_left_alone(tmp_path: Path) -> None:
    for name in ("a", "b", "gone"):
        (tmp_path / name).write_text(f"old {name}")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "4"], check=False, env=dict(os.environ))
    assert (tmp_path / "a").read_text() == "new a"
    (tmp_path / "a").write_text("mine")
    assert recover(tmp_path) == ("b",)
    assert (tmp_path / "a").read_text() == "mine"
