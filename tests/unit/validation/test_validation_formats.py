"""A report as text, JSON and workflow commands; and its places."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect_eaas.validation import ERROR, REPORT_SCHEMA, RULES, Place, Report, Rule, as_github, as_json, as_text
from connect_eaas.validation.report import make_report
from connect_eaas.validation.text_file import TextFiles, line_of

RULE = Rule("TST001", ERROR, "something is wrong", "Because.", "Put it right.")


@pytest.fixture
def report(tmp_path: Path) -> Report:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\nfour\nfive\nsix\n")
    findings = [
        RULE.broken("in the middle", Place(tmp_path / "a.py", 4)),
        RULE.broken("100% wrong: here,\nreally", Place(tmp_path / "a.py", 1), fix="Do\nthis", level="warning"),
        RULE.broken("nowhere"),
        RULE.broken("nowhere"),
    ]
    return make_report(tmp_path, findings, TextFiles())


def test_text_shows_the_line_and_the_fix(report: Report) -> None:
    lines = as_text(report).splitlines()
    assert lines[:4] == ["error TST001", "    Something is wrong: nowhere", "    Fix: Put it right.", ""]
    assert lines[4:11] == [
        "error TST001  a.py:4",
        "    Something is wrong: in the middle",
        "    2 | two",
        "    3 | three",
        "  > 4 | four",
        "    5 | five",
        "    6 | six",
    ]
    assert lines[-1].endswith(": 2 errors, 1 warning.")


def test_github_gets_one_line_for_each_item_with_everything_escaped(report: Report) -> None:
    lines = as_github(report, "sub/folder").splitlines()
    assert lines[1] == (
        "::error file=sub/folder/a.py,line=4,title=TST001 something is wrong::in the middle%0AFix: Put it right."
    )
    assert lines[2].startswith("::warning file=sub/folder/a.py,line=1,")
    assert lines[2].endswith("::100%25 wrong: here,%0Areally%0AFix: Do%0Athis")
    assert len(lines) == 4


def test_json_is_as_its_schema_says_and_can_be_read_back(report: Report) -> None:
    document = json.loads(as_json(report))
    jsonschema.validate(document, REPORT_SCHEMA)
    assert (document["errors"], document["warnings"]) == (2, 1)
    assert Report.from_dict(document) == report


@given(
    message=st.text(), file=st.text(st.characters(exclude_characters="\0"), max_size=30), line=st.integers(-3, 2**40)
)
def test_whatever_is_said_can_be_shown(message: str, file: str, line: int) -> None:
    root = Path("/no/such/project")
    report = make_report(root, [RULE.broken(message, Place(root / file, line))], TextFiles())
    for text in (as_text(report), as_json(report), as_github(report)):
        text.encode("utf-8")
        assert all(character.isprintable() or character == "\n" for character in text)
    assert len([line for line in as_github(report).split("\n") if line.startswith("::")]) == 1


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_an_editor(ends: str, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_bytes(ends.join(["a", "b\x0cb", "c"]).encode())
    (item,) = make_report(tmp_path, [RULE.broken("x", Place(file, 3))], TextFiles()).items
    assert item.frame is not None
    assert item.frame.lines[-1] == "c"


def test_a_line_is_found_after_another() -> None:
    text = "[one]\nname = 1\n[two]\nname = 2\n"
    assert line_of(text, r"^name", after=r"^\[two\]") == 4
    assert line_of(text, r"^name", after=r"^\[three\]") is None
    assert line_of(text, r"^nothing") is None


def test_rules_explain_themselves() -> None:
    for key, rule in RULES.items():
        assert key == rule.id
        assert rule.doc == f"docs/validation.md#{key.lower()}"
        assert rule.explanation.endswith(".")
        assert rule.title[0].islower() or not rule.title[0].isalpha() or rule.title.startswith(("Dockerfile", "a "))
        assert rule.fix


def test_every_rule_stands_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "validation.md").read_text(encoding="utf-8")
    for rule in RULES.values():
        assert f'<a id="{rule.id.lower()}"></a>{rule.id} | {rule.level} | {rule.title} |' in text, rule.id
