"""Each rule with a project that breaks it, at the right place; and a project that breaks none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from sample_projects import BREAKS, CLEAN, Break

from connect_eaas.events import CATALOGUE
from connect_eaas.validation import REPORT_SCHEMA, RULES, Report, read_definitions

APART = {"IMP001", "IMP002", "IMP003"}
"""Rules about the process in which a project is imported; tests/integration/cli/test_cli_validate.py."""
BY_PLATFORM = {"APP002"}
"""Tested below: it needs a platform whose events differ."""

Write = Callable[..., Path]
Validate = Callable[..., Report]


def rules_of(report: Report) -> set[str]:
    return {item.rule for item in report.items}


def broken(case: Break) -> dict[str, str]:
    files = {**CLEAN, **case.also}
    if case.new is None:
        del files[case.file]
    elif case.old is None:
        files[case.file] = case.new
    else:
        assert case.old in files[case.file], "the case does not fit the clean project"
        files[case.file] = files[case.file].replace(case.old, case.new, 1)
    return files


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in BREAKS} | APART | BY_PLATFORM == set(RULES)


def test_a_clean_project_has_no_findings(write: Write, validate: Validate) -> None:
    assert [str(item) for item in validate(write()).items] == []


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case.rule}-{BREAKS.index(case)}")
def test_what_breaks_a_rule_is_found_where_it_stands(case: Break, write: Write, validate: Validate) -> None:
    root = write(broken(case))
    report = validate(root)
    assert rules_of(report) == {case.rule, *case.others}, "\n".join(map(str, report.items))
    item = next(item for item in report.items if item.rule == case.rule)
    if case.at is not None:
        assert item.file is not None, item
        assert item.line is not None, item
        assert case.at in (root / item.file).read_text().splitlines()[item.line - 1], item
        assert item.frame is not None
        assert item.frame.lines[item.line - item.frame.start_line].strip()
    assert item.fix
    assert RULES[case.rule].title == item.title
    jsonschema.validate(report.as_dict(), REPORT_SCHEMA)
    assert Report.from_dict(report.as_dict()) == report


def test_what_only_the_runner_refuses_is_still_an_error(write: Write, validate: Validate) -> None:
    definitions = dict(CATALOGUE)
    (changed,) = read_definitions(
        [{"type": "asset_purchase_request_processing", "category": "background", "object_statuses": ["brand_new"]}]
    ).values()
    definitions[changed.type] = changed
    files = {path: text.replace('"pending"', '"brand_new"') for path, text in CLEAN.items()}
    report = validate(write(files), definitions=definitions)
    assert rules_of(report) == {"APP002"}
    assert "no status 'brand_new'" in report.items[0].message
    assert report.blocking == report.items


def test_poetry_projects_are_read_like_standard_ones(write: Write, validate: Validate) -> None:
    lines = CLEAN["pyproject.toml"].replace('[project.entry-points."', '[tool.poetry.plugins."')
    lines = lines.replace("[project]", "[tool.poetry]").replace(
        'dependencies = ["connect-extension-sdk>=0.1"]', '[tool.poetry.dependencies]\nconnect-extension-sdk = "*"'
    )
    assert validate(write({**CLEAN, "pyproject.toml": lines})).items == ()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yaml"])
@pytest.mark.parametrize("build", [".", "{context: ., dockerfile_inline: 'FROM scratch'}", "https://example.com/x.git"])
def test_compose_files_have_several_names_and_forms(name: str, build: str, write: Write, validate: Validate) -> None:
    files = {path: text for path, text in CLEAN.items() if path != "docker-compose.yml"}
    report = validate(write({**files, name: f"services:\n  one:\n    build: {build}\n"}))
    assert report.items == ()


STAGES = """\
FROM node:20 AS pages
RUN true
FROM {image} AS base
RUN true
from base as dev
FROM scratch AS files
COPY --from=pages /x /x
FROM --platform=linux/arm64 base
"""


def in_stages(image: str, target: str | None) -> dict[str, str]:
    build = "." if target is None else f"{{context: ., target: {target}}}"
    return {
        **CLEAN,
        "Dockerfile": STAGES.format(image=image),
        "docker-compose.yml": f"services:\n  one:\n    build: {build}\n",
    }


@pytest.mark.parametrize("image", ["python:3.10", "registry.example:5000/own/python", "own/runner@sha256:c0ffee"])
@pytest.mark.parametrize("target", [None, "dev", "DEV", "0", "files"])
def test_any_image_and_any_stage_will_do(image: str, target: str | None, write: Write, validate: Validate) -> None:
    assert validate(write(in_stages(image, target))).items == ()


@pytest.mark.parametrize(
    ("target", "found"), [(None, {"DOC006"}), ("dev", {"DOC006"}), ("pages", set()), ("files", set())]
)
def test_only_the_stage_that_is_built_counts(
    target: str | None, found: set[str], write: Write, validate: Validate
) -> None:
    report = validate(write(in_stages("cloudblueconnect/connect-extension-runner:43.1", target)))
    assert rules_of(report) == found


def test_single_letters_are_names_of_variables(write: Write, validate: Validate) -> None:
    assert '"name": "X"' in CLEAN["sample_pkg/events.py"]
    assert validate(write()).items == ()


def test_the_projects_own_package_is_meant_even_if_another_one_is_installed(
    write: Write, validate: Validate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "installed"
    (installed / "sample_pkg").mkdir(parents=True)
    (installed / "sample_pkg" / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    monkeypatch.syspath_prepend(str(installed))
    assert validate(write()).items == ()


@pytest.mark.parametrize("async_", [False, True])
def test_old_style_handlers_are_known_by_their_names(async_: bool, write: Write, validate: Validate) -> None:
    word = "async def" if async_ else "def"
    module = (
        "from connect.eaas.core.extension import EventsApplicationBase\n"
        "from connect.eaas.core.responses import InteractiveResponse as Answer\n"
        "MOVED = 301\n"
        "class Events(EventsApplicationBase):\n"
        f"    {word} execute_product_action(self, request):\n"
        "        return Answer.done(MOVED)\n"
    )
    descriptor = CLEAN["sample_pkg/extension.json"].replace(
        '"version"', '"capabilities": {"product_action_execution": []}, "version"'
    )
    files = {**CLEAN, "sample_pkg/events.py": module, "sample_pkg/extension.json": descriptor}
    expected = {"EVT004", "RSP003"} | ({"MIX001"} if async_ else set())
    assert rules_of(validate(write(files))) == expected
