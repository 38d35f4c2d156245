"""The pages of generated projects: their own checks pass, and the built files are what the sources give."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from page_builds import PROJECTS, STATIC, UnreachableError, built, make_projects, npm
from rendered_projects import TEMPLATE, Project, render

from connect_cli_ext.main import run

pytestmark = [pytest.mark.xdist_group("template-pages"), pytest.mark.timeout(300)]
every_type = pytest.mark.parametrize("kind", list(PROJECTS))


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """A project with pages of each type, ready to build; skipped where npm or its network is missing."""
    try:
        return make_projects(tmp_path_factory.mktemp("pages"))
    except UnreachableError as error:
        pytest.skip(f"npm cannot install packages: {error}")


@every_type
def test_built_pages_are_what_their_sources_give(projects: dict[str, Project], kind: str) -> None:
    before = built(projects[kind])
    shutil.rmtree(projects[kind].package / "static")
    npm(projects[kind].path, "run", "build")
    after = built(projects[kind])
    assert sorted(after) == sorted(before)
    changed = [name for name in after if after[name] != before[name]]
    assert not changed, "run `make pages`"


@every_type
def test_pages_pass_their_linter_and_their_tests(projects: dict[str, Project], kind: str) -> None:
    npm(projects[kind].path, "run", "lint", "--", "--max-warnings=0")
    said = npm(projects[kind].path, "test", "--", "--reporter=json")
    result = json.loads(said[said.index("{") :])
    assert result["success"]
    assert result["numPassedTests"] >= 20
    assert result["numPassedTests"] == result["numTotalTests"]


@every_type
def test_pages_load_files_that_are_there(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    answers = {"extension_type": kind, "webapp_supports_ui": "y", **PROJECTS[kind]}
    static = render(tmp_path_factory.mktemp("links"), **answers).package / "static"
    pages = sorted(static.rglob("*.html"))
    assert pages
    loaded = {static / "third-party.txt"}
    for page in pages:
        links = re.findall(r'(?:src|href)="(\.[^"]+)"', page.read_text(encoding="utf-8"))
        assert links
        loaded |= {(page.parent / link).resolve() for link in links}
    files = {path.resolve() for path in static.rglob("*") if path.is_file() and path.suffix != ".html"}
    assert files == {path.resolve() for path in loaded}


@pytest.mark.parametrize(("kind", "pages"), [("hub", "n"), ("multiaccount", "n")])
def test_projects_without_pages_have_nothing_of_them(
    tmp_path_factory: pytest.TempPathFactory, kind: str, pages: str
) -> None:
    project = render(
        tmp_path_factory.mktemp("none"), extension_type=kind, application_types="webapp", webapp_supports_ui=pages
    )
    names = [path.relative_to(project.path).as_posix() for path in project.files()]
    assert not [name for name in names if re.search(r"\.(js|html|css)$|package.*json|^ui/", name)]
    assert "node" not in (project.path / "docker-compose.yml").read_text(encoding="utf-8")


def test_built_pages_are_small_and_tell_no_tales() -> None:
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 150_000
    lock = (TEMPLATE / "{{cookiecutter.project_slug}}" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock


@every_type
def test_what_is_added_passes_too_and_comes_built(projects: dict[str, Project], kind: str) -> None:
    project = projects[kind]
    words = {"multiaccount": ("page", "statistics"), "transformations": ("transformation", "round_prices")}[kind]
    assert run(["project", "extension", "add", *words, "-p", str(project.path)]) == 0
    npm(project.path, "run", "lint", "--", "--max-warnings=0")
    said = npm(project.path, "test", "--", "--reporter=json")
    result = json.loads(said[said.index("{") :])
    (tested,) = [file for file in result["testResults"] if f"{words[1]}.test.js" in file["name"]]
    assert {case["status"] for case in tested["assertionResults"]} == {"passed"}
    assert len(tested["assertionResults"]) >= 5
    assert result["success"]
    before = built(project)
    npm(project.path, "run", "build")
    after = built(project)
    assert sorted(after) == sorted(before)
    assert not [name for name in after if after[name] != before[name]]
