from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_cli_ext.project.base import dump_base, load_base
from connect_cli_ext.project.diff3 import Labels, common_lines, merge_lines
from connect_cli_ext.project.marker import digest
from connect_cli_ext.project.merge import is_source, merge
from connect_cli_ext.project.reconcile import Base, Outcome, Plan, reconcile
from connect_cli_ext.project.rendering import RenderedFile

LABELS = Labels("yours", "before", "now")
TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=8)
EDITED = st.sampled_from(["kept", "dropped", "new", "more"])


@given(base=TEXTS, other=TEXTS)
def test_what_one_side_alone_changed_is_taken(base: list[bytes], other: list[bytes]) -> None:
    assert merge_lines(base, base, other, LABELS) == (other, 0)
    assert merge_lines(base, other, base, LABELS) == (other, 0)
    assert merge_lines(base, other, other, LABELS) == (other, 0)


@given(edits=st.lists(st.tuples(EDITED, EDITED), max_size=6))
def test_changes_that_do_not_touch_are_both_there(edits: list[tuple[str, str]]) -> None:
    base: list[bytes] = []
    mine: list[bytes] = []
    theirs: list[bytes] = []
    wanted: list[bytes] = []
    for number, (ours, other) in enumerate(edits):
        for side, change in ((mine, ours), (theirs, other)):
            old = b"%d %d\n" % (number, side is theirs)
            new = b"edited %d %d\n" % (number, side is theirs)
            after = {"kept": [old], "dropped": [], "new": [new], "more": [old, new]}[change]
            base.append(old)
            wanted += after
            side += after
            (theirs if side is mine else mine).append(old)
            for text in (base, mine, theirs, wanted):
                text.append(b"--- %d %d\n" % (number, side is theirs))
    assert merge_lines(base, mine, theirs, LABELS) == (wanted, 0)


@given(base=TEXTS, mine=TEXTS, theirs=TEXTS)
def test_a_conflict_shows_all_three_versions_and_loses_no_line(
    base: list[bytes], mine: list[bytes], theirs: list[bytes]
) -> None:
    merged, conflicts = merge_lines(base, mine, theirs, LABELS)
    assert merged.count(b"<<<<<<< yours\n") == merged.count(b">>>>>>> now\n") == conflicts
    for side, marks in ((mine, (b"<<<<<<<", b"|||||||")), (theirs, (b"=======", b">>>>>>>"))):
        shown: list[bytes] = []
        inside = False
        for line in merged:
            if line.startswith(marks):
                inside = line.startswith(marks[0])
            elif inside:
                shown.append(line)
        assert all(line in side for line in shown)


@given(one=TEXTS, other=TEXTS)
def test_without_a_base_only_what_both_have_differently_is_a_conflict(one: list[bytes], other: list[bytes]) -> None:
    common = common_lines(one, other)
    merged, conflicts = merge_lines(common, one, other, LABELS)
    assert conflicts == 0 or (common != one and common != other)
    assert all(merged.count(line) >= max(one.count(line), other.count(line)) for line in {*one, *other})


@pytest.mark.parametrize("use_git", [True, False])
def test_merging_with_git_and_without(use_git: bool) -> None:
    base = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    mine = base.replace(b"two\n", b"two\nmine\n")
    theirs = base.replace(b"six", b"SIX")
    merged = merge(base, mine, theirs, LABELS, use_git=use_git)
    assert (merged.content, merged.conflicts) == (mine.replace(b"six", b"SIX"), 0)
    both = merge(base, mine, base.replace(b"two\n", b"two\ntheirs\n"), LABELS, use_git=use_git)
    assert both.conflicts == 1
    marks = [
        line.partition(b" ")[0] for line in both.content.split(b"\n") if line[:7] in (b"<" * 7, b"=" * 7, b">" * 7)
    ]
    assert marks == [b"<" * 7, b"=" * 7, b">" * 7]
    assert b"mine\n" in both.content
    assert b"theirs\n" in both.content


@pytest.mark.parametrize("use_git", [True, False])
def test_line_ends_of_windows_stay(use_git: bool) -> None:
    base = b"one\ntwo\nthree\nfour\n"
    mine = b"ONE\r\ntwo\r\nthree\r\nfour\r\n"
    merged = merge(base, mine, base.replace(b"four", b"FOUR"), LABELS, use_git=use_git)
    assert (merged.content, merged.conflicts) == (b"ONE\r\ntwo\r\nthree\r\nFOUR\r\n", 0)


def test_sources_are_told_from_built_files() -> None:
    assert is_source("pkg/extension.py", b"print()\n")
    assert is_source("static.txt", b"")
    assert not is_source("pkg/static/index.html", b"<html>\n")
    assert not is_source("logo.bin", b"\0")
    assert not is_source("bundle.js", b"x" * 3000)
    assert not is_source("data.csv", b"x\n" * 100_000)


@given(files=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=60), max_size=5))
def test_the_base_is_read_as_it_was_written_and_always_the_same(files: dict[str, str]) -> None:
    contents = {path: text.encode() for path, text in files.items()}
    written = dump_base(contents)
    assert written == dump_base(dict(reversed(contents.items())))
    kept = {
        path: content for path, content in contents.items() if is_source(path, content) and not path.endswith("env")
    }
    assert load_base(written) == kept
    assert max(map(len, written.splitlines())) <= 120


def test_the_base_never_holds_an_env_file_or_built_files() -> None:
    files = {".x_dev.env": b"KEY=secret", "p/static/a.js": b"x", "kept.py": b"x", "latin.txt": b"\xe9"}
    assert load_base(dump_base(files)) == {"kept.py": b"x"}


@given(text=st.text(max_size=50))
def test_what_is_no_base_is_none(text: str) -> None:
    assert load_base(text) is None
    assert load_base(f"# {text}") is None


LONG = b"".join(b"line %d\n" % number for number in range(30))


def plan(
    base: dict[str, bytes],
    mine: dict[str, bytes],
    theirs: dict[str, bytes],
    *,
    known: bool = True,
    use_git: bool = True,
) -> Plan:
    digests = {path: digest(content) for path, content in base.items()}
    rendered = {path: RenderedFile(content, 0o644) for path, content in theirs.items()}
    return reconcile(Base(digests, base if known else {}), mine, rendered, LABELS, use_git=use_git)


def outcomes(plan: Plan) -> dict[str, Outcome]:
    return {result.path: result.outcome for result in plan.results}


def after(plan: Plan, mine: dict[str, bytes]) -> dict[str, bytes]:
    left = {path: content for path, content in mine.items() if path not in plan.changes.removed}
    return {**left, **plan.changes.written}


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "outcome", "left"),
    [
        # Only one side did something.
        ({"f": b"1"}, {"f": b"1"}, {"f": b"2"}, {"f": Outcome.UPDATED}, {"f": b"2"}),
        ({"f": b"1"}, {"f": b"mine"}, {"f": b"1"}, {}, {"f": b"mine"}),
        ({"f": b"1"}, {}, {"f": b"1"}, {}, {}),
        ({"f": b"1"}, {"f": b"1"}, {}, {"f": Outcome.REMOVED}, {}),
        ({}, {}, {"f": b"new"}, {"f": Outcome.ADDED}, {"f": b"new"}),
        # Both did the same.
        ({"f": b"1"}, {"f": b"2"}, {"f": b"2"}, {}, {"f": b"2"}),
        ({"f": b"1"}, {}, {}, {}, {}),
        ({}, {"f": b"new"}, {"f": b"new"}, {}, {"f": b"new"}),
        # Each did something else.
        ({"f": b"1"}, {"f": b"mine"}, {}, {"f": Outcome.KEPT}, {"f": b"mine"}),
        ({"f": b"1"}, {}, {"f": b"2"}, {"f": Outcome.KEPT}, {}),
        ({}, {"f": b"mine"}, {"f": b"new"}, {"f": Outcome.BESIDE}, {"f": b"mine", "f.new": b"new"}),
        (
            {"p/static/a.js": b"1"},
            {"p/static/a.js": b"mine"},
            {"p/static/a.js": b"2"},
            {"p/static/a.js": Outcome.BESIDE},
            {"p/static/a.js": b"mine", "p/static/a.js.new": b"2"},
        ),
        # Line ends are no change.
        ({"f": b"1\n"}, {"f": b"1\r\n"}, {"f": b"2\n"}, {"f": Outcome.UPDATED}, {"f": b"2\r\n"}),
        # Somebody's own file.
        ({"f": b"1"}, {"own": b"x", "f": b"1"}, {"f": b"1"}, {}, {"own": b"x", "f": b"1"}),
    ],
)
def test_each_file_has_its_outcome(
    base: dict[str, bytes],
    mine: dict[str, bytes],
    theirs: dict[str, bytes],
    outcome: dict[str, Outcome],
    left: dict[str, bytes],
) -> None:
    made = plan(base, mine, theirs)
    assert outcomes(made) == outcome
    assert after(made, mine) == left
    assert made.at_stake == set()


@pytest.mark.parametrize("use_git", [True, False])
def test_edits_follow_a_file_that_the_template_renamed(use_git: bool) -> None:
    mine = {"old.py": LONG.replace(b"line 3\n", b"line 3, mine\n")}
    theirs = {"new.py": LONG.replace(b"line 20\n", b"line 20, theirs\n")}
    made = plan({"old.py": LONG}, mine, theirs, use_git=use_git)
    assert outcomes(made) == {"new.py": Outcome.RENAMED}
    assert after(made, mine) == {"new.py": mine["old.py"].replace(b"line 20\n", b"line 20, theirs\n")}
    assert made.at_stake == {"old.py"}


def test_news_reach_a_file_that_its_people_renamed() -> None:
    mine = {"handlers.py": LONG.replace(b"line 3\n", b"line 3, mine\n"), "notes.py": b"# " + b"nothing alike " * 10}
    theirs = {"extension.py": LONG.replace(b"line 20\n", b"line 20, theirs\n")}
    made = plan({"extension.py": LONG}, mine, theirs)
    assert outcomes(made) == {"handlers.py": Outcome.MERGED}
    assert after(made, mine)["handlers.py"] == mine["handlers.py"].replace(b"line 20\n", b"line 20, theirs\n")


def test_without_the_older_content_both_versions_meet_where_they_differ() -> None:
    mine = {"f.py": LONG.replace(b"line 3\n", b"line 3, mine\n")}
    theirs = {"f.py": LONG.replace(b"line 20\n", b"line 20, theirs\n")}
    made = plan({"f.py": LONG}, mine, theirs, known=False)
    assert outcomes(made) == {"f.py": Outcome.CONFLICT}
    merged = after(made, mine)["f.py"]
    assert merged.count(b"<<<<<<<") == 2
    assert b"line 3, mine\n" in merged
    assert b"line 20, theirs\n" in merged
    untouched = plan({"f.py": LONG}, {"f.py": LONG}, theirs, known=False)
    assert after(untouched, {"f.py": LONG}) == theirs


FILES = st.dictionaries(
    st.sampled_from(["a.py", "b.py", "c.txt", "p/static/d.js"]),
    st.lists(st.sampled_from([b"x\n", b"y\n"])).map(b"".join),
)


@given(base=FILES, mine=FILES, theirs=FILES)
def test_a_second_update_finds_nothing_to_do(
    base: dict[str, bytes], mine: dict[str, bytes], theirs: dict[str, bytes]
) -> None:
    first = plan(base, mine, theirs, use_git=False)
    second = plan(theirs, after(first, mine), theirs, use_git=False)
    assert second.results == []
    assert not second.changes


def test_nothing_is_written_while_planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan({"f.py": LONG}, {"f.py": b"mine"}, {"f.py": b"theirs"})
    assert list(tmp_path.iterdir()) == []
