"""Whatever stands in the files, there is a report."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_projects import CLEAN, forgotten

from connect_eaas.declarations import Declarations
from connect_eaas.events import CATALOGUE
from connect_eaas.validation import FILES, REPORT_SCHEMA, as_github, as_text, read_definitions, validate_project

NAMES = sorted({*CLEAN, "package.json", "compose.yaml"})
QUIET = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    ["services", "image", "build", "context", "dockerfile", "target", "args", "extends", "name", "audience", "version"]
)
shaped = st.recursive(
    json_values | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


def report_of(files: dict[str, bytes]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        report = validate_project(root, subjects=FILES)
        assert as_text(report)
        assert as_github(report)
        document = report.as_dict()
        jsonschema.validate(json.loads(json.dumps(document)), REPORT_SCHEMA)
        return document


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=200), max_size=len(NAMES)))
@QUIET
def test_bytes(changed: dict[str, bytes]) -> None:
    report = report_of({**{path: text.encode() for path, text in CLEAN.items()}, **changed})
    assert not [item for item in report["items"] if item["rule"] == "APP003"], report


@given(st.sampled_from(NAMES), st.data())
@QUIET
def test_a_few_characters_changed(name: str, data: st.DataObject) -> None:
    text = CLEAN.get(name, "{}")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 20, len(text))))
    changed = (text[:start] + data.draw(st.text(max_size=6)) + text[end:]).encode("utf-8", "surrogatepass")
    report = report_of({**{path: content.encode() for path, content in CLEAN.items()}, name: changed})
    assert not [item for item in report["items"] if item["rule"] == "APP003"], report


@given(st.sampled_from(["docker-compose.yml", "package.json"]), shaped)
@QUIET
def test_data_of_other_shapes(name: str, content: Any) -> None:
    files = {path: text.encode() for path, text in CLEAN.items()}
    for document in (
        content,
        {"services": content},
        {"services": {"one": content}},
        {"services": {"one": {"build": content}}},
    ):
        report = report_of({**files, name: json.dumps(document).encode()})
        assert not [item for item in report["items"] if item["rule"] == "APP003"], report


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "[project]\n",
        "project = 1\n",
        "tool = []\n",
        '[project]\ndependencies = 3\nentry-points = "x"\n',
        '[project]\ndependencies = [1, {}]\ndynamic = 5\n[project.entry-points]\n"connect.eaas.ext" = 1\n',
        '[project.entry-points."connect.eaas.ext"]\neventsapp = 1\nwebapp = []\n',
        "[tool.poetry]\ndependencies = []\nplugins = 2\n",
        '[tool.poetry.plugins."connect.eaas.ext"]\neventsapp = {}\n',
    ],
)
def test_a_pyproject_of_any_shape_is_reported_on_and_an_empty_one_is_not_valid(content: str) -> None:
    report = report_of({**{path: text.encode() for path, text in CLEAN.items()}, "pyproject.toml": content.encode()})
    errors = {item["rule"] for item in report["items"] if item["level"] == "error"}
    assert errors & {"PYP005", "PYP010"}, report
    assert "APP003" not in errors


@given(json_values | st.lists(st.fixed_dictionaries({"type": json_values, "category": json_values})))
def test_definitions_are_read_or_refused(content: Any) -> None:
    found = {}
    with contextlib.suppress(ValueError):
        found = read_definitions(content)
    assert all(found[name].type == name for name in found)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "audience": json_values,
            "name": json_values,
            "readme_url": json_values,
            "icon": json_values,
            "capabilities": json_values
            | st.dictionaries(st.sampled_from([*sorted(CATALOGUE), "unknown"]), json_values | st.just(["pending"])),
            "schedulables": json_values | st.lists(st.fixed_dictionaries({"method": json_values | st.just("nightly")})),
            "variables": json_values
            | st.lists(st.fixed_dictionaries({"name": json_values}, optional={"secure": json_values})),
        },
    )
)
@QUIET
def test_descriptors_of_other_shapes_and_that_what_passes_can_be_run(content: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder, forgotten():
        root = Path(folder)
        (root / "sample_pkg").mkdir()
        (root / "sample_pkg" / "events.py").write_text(CLEAN["sample_pkg/events.py"])
        (root / "sample_pkg" / "extension.json").write_text(json.dumps(content))
        (root / "pyproject.toml").write_text(
            '[project.entry-points."connect.eaas.ext"]\neventsapp = "sample_pkg.events:Events"\n'
        )
        report = validate_project(root)
        jsonschema.validate(json.loads(json.dumps(report.as_dict())), REPORT_SCHEMA)
        assert not [item for item in report.items if item.rule in ("APP002", "APP003")], report
        if not [item for item in report.errors if item.rule != "EVT005"]:
            _, problems = Declarations.inspect(sys.modules["sample_pkg.events"].Events)
            assert not [problem for problem in problems if "event type" not in problem.message]
