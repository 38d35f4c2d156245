"""What the rendered files say: they parse, agree with the answers and with each other, and nothing is left over."""

from __future__ import annotations

import ast
import json
import os
import re
import stat
import subprocess
import sys
from typing import Any

import pytest
import yaml
from choices import CHOICES
from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rendered_projects import LICENSES, SOURCE, TEMPLATE, Project, events_of, handler_kind, render

from connect_eaas.events import CATALOGUE, EXTENSION_TYPES, ExtensionType

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

# One worker renders the projects for all of these tests.
pytestmark = pytest.mark.xdist_group("template")
every_project = pytest.mark.parametrize("name", list(CHOICES))
with_events = pytest.mark.parametrize(
    "name", [name for name, answers in CHOICES.items() if "events" in str(answers.get("application_types", "events"))]
)

ALWAYS = {
    "CHANGELOG.md",
    "Dockerfile",
    "HOWTO.md",
    "LICENSE",
    "README.md",
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "connect-deployment.yaml",
    "constraints.txt",
    "docker-compose.yml",
    "pyproject.toml",
    "tests/__init__.py",
    "wheels/README.md",
}
# Of each application its module, its class's ending and its entry point.
MODULES = {
    "events": ("extension.py", "EventsApplication", "eventsapp"),
    "anvil": ("anvil.py", "AnvilApplication", "anvilapp"),
    "webapp": ("webapp.py", "WebApplication", "webapp"),
    "tfnapp": ("tfnapp.py", "TransformationsApplication", "tfnapp"),
}
# What webapp.py has beside it, as far as it needs it.
WEB_MODULES = ("schemas.py", "api_errors.py")


def _toml(project: Project) -> dict[str, Any]:
    return tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))


def _application(project: Project, name: str = "events") -> ast.ClassDef:
    module, ending, _ = MODULES[name]
    tree = ast.parse((project.package / module).read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith(ending))
    return found


def _handled(project: Project) -> list[tuple[str, list[str]]]:
    """Event types and statuses in the order of the file."""
    found = []
    for method in _application(project).body:
        for decorator in getattr(method, "decorator_list", []):
            if decorator.func.id == "event":
                (event_type,) = (ast.literal_eval(value) for value in decorator.args)
                statuses = [ast.literal_eval(keyword.value) for keyword in decorator.keywords]
                found.append((event_type, statuses[0] if statuses else []))
    return found


def _declared(project: Project, name: str) -> list[str]:
    """The variables that an application's class declares."""
    found: list[str] = []
    for decorator in _application(project, name).decorator_list:
        assert isinstance(decorator, ast.Call)
        assert isinstance(decorator.func, ast.Name)
        if decorator.func.id == "variables":
            found += [item["name"] for item in ast.literal_eval(decorator.args[0])]
        elif decorator.func.id == "anvil_key_variable":
            found.append(ast.literal_eval(decorator.args[0]))
    return found


def _belongs_to_pages(name: str, package: str) -> bool:
    return name.startswith(("ui/", f"{package}/static/")) or name.endswith((".js", "package.json", "package-lock.json"))


@every_project
def test_files_are_those_of_the_answers(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    package, slug = project.answer("package_name"), project.path.name
    expected = ALWAYS | {f".{slug}_dev.env"}
    expected |= {f"{package}/{file}" for file in ("__init__.py", "extension.json", "py.typed")}
    for application, (module, _, _) in MODULES.items():
        if application in project.applications:
            expected |= {f"{package}/{module}", f"tests/test_{module}"}
    if "events" in project.applications:
        expected.add("tests/conftest.py")
    if project.answer("use_github_actions") == "y":
        expected.add(".github/workflows/test.yml")
    extension_type = project.answer("extension_type")
    kinds = {handler_kind(event, extension_type) for event in project.chosen("background")}
    kinds |= {handler_kind(event, extension_type) for event in project.chosen("interactive")}
    if kinds & {"purchase", "asset_validation", "tier_validation"}:
        expected.add(f"{package}/parameters.py")
    if kinds & {"order", "tier_order"}:
        expected.add(f"{package}/orders.py")
    if kinds & {"order_note", "tier_note", "installation"} or (
        extension_type == "multiaccount" and "webapp" in project.applications
    ):
        expected.add(f"{package}/settings.py")
    if "webapp" in project.applications:
        expected |= {f"{package}/{file}" for file in WEB_MODULES if (project.package / file).exists()}
    found = {path.relative_to(project.path).as_posix() for path in project.files()}
    pages = {file for file in found if _belongs_to_pages(file, package)}
    assert found - pages == expected
    assert bool(pages - {f"{package}/static/.gitkeep"}) == project.has_pages
    assert not [path for path in project.path.rglob("*") if path.is_dir() and not any(path.iterdir())]


@every_project
def test_text_is_tidy_and_no_template_code_is_left(projects: dict[str, Project], name: str) -> None:
    for path in projects[name].files():
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(projects[name].path).as_posix()
        assert not re.search(r"(?<!\$)\{\{|\{%|\{#|cookiecutter", text), where
        if path.name == "LICENSE" or "static" in path.parts or not text:
            continue
        assert text.endswith("\n"), where
        assert not text.endswith("\n\n"), where
        assert not text.startswith("\n"), where
        assert not re.search(r"[ \t]$", text, re.MULTILINE), where
        assert ("\n\n\n\n" if path.suffix == ".py" else "\n\n\n") not in text, where


@pytest.mark.timeout(300)
def test_ruff_has_nothing_to_say(projects: dict[str, Project]) -> None:
    roots = {projects[name].path.parents[1] for name in CHOICES}
    (root,) = roots
    assert len(list(root.glob("*/*/pyproject.toml"))) == len(CHOICES)
    for command in (["check"], ["format", "--check"]):
        tool = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        done = subprocess.run(tool, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@with_events
def test_handlers_follow_the_chosen_order(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    handled = [event for event, _ in _handled(project)]
    assert handled == project.chosen("background") + project.chosen("interactive")
    methods = {
        method.name: type(method)
        for method in _application(project).body
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert ("execute_scheduled_processing" in methods) == ("scheduled" in project.items("event_types"))
    kind = ast.AsyncFunctionDef if project.answer("use_asyncio") == "y" else ast.FunctionDef
    called = {name: found for name, found in methods.items() if name.startswith(("handle_", "execute_"))}
    assert called
    assert set(called.values()) == {kind}


@every_project
def test_project_file_agrees_with_the_code(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    content = _toml(project)
    assert content["project"]["license"] == LICENSES[project.answer("license")]
    assert content["project"]["version"] == "0.1.0"
    package = project.answer("package_name")
    assert content["project"]["entry-points"]["connect.eaas.ext"] == {
        entry: f"{package}.{module.removesuffix('.py')}:{_application(project, application).name}"
        for application, (module, _, entry) in MODULES.items()
        if application in project.applications
    }
    assert content["tool"]["connect"]["extension-type"] == project.answer("extension_type")
    descriptor = json.loads((project.package / "extension.json").read_text(encoding="utf-8"))
    assert descriptor["version"] == content["project"]["version"]
    fixed = {"products": ["vendor"], "hub": ["distributor", "reseller"]}
    assert descriptor["audience"] == fixed.get(project.answer("extension_type"), project.items("extension_audience"))
    assert "## 0.1.0\n" in (project.path / "CHANGELOG.md").read_text(encoding="utf-8")


@every_project
def test_compose_has_a_service_for_each_purpose(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    slug = project.path.name
    compose = yaml.safe_load((project.path / "docker-compose.yml").read_text(encoding="utf-8"))
    assert "version" not in compose
    commands = {service: content["command"].split()[0] for service, content in compose["services"].items()}
    expected = {f"{slug}_dev": "cextrun", f"{slug}_bash": "/bin/bash", f"{slug}_test": "pytest"}
    assert commands == (expected | {f"{slug}_pages": "sh"} if project.has_pages else expected)
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", (project.path / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    for service in (compose["services"][name] for name in expected):
        assert service["volumes"] == [".:/extension"]
        assert service["build"]["target"] in stages
        assert (project.path / service["env_file"][0]["path"]).is_file()


@every_project
def test_variables_are_the_same_everywhere(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    declared = [variable for application in project.applications for variable in _declared(project, application)]
    deployment = yaml.safe_load((project.path / "connect-deployment.yaml").read_text(encoding="utf-8"))
    assert sorted(deployment.get("var", {})) == sorted(set(declared))
    readme = (project.path / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([A-Z_]+)` \|", readme, re.MULTILINE) == list(deployment.get("var", {}))
    for application in project.applications:
        with_examples = project.answer("include_variables_example") == "y"
        assert ("EXAMPLE_SECRET" in _declared(project, application)) == with_examples, application
    assert ("ANVIL_API_KEY" in declared) == ("anvil" in project.applications)
    for application, (module, _, _) in MODULES.items():
        if application in project.applications:
            text = (project.package / module).read_text(encoding="utf-8")
            used = set(re.findall(r"self\.config\[[\"'](\w+)", text))
            assert used <= set(_declared(project, application))


@every_project
def test_packages_that_no_index_has_are_looked_for_in_one_folder(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    assert _toml(project)["tool"]["uv"] == {"find-links": ["wheels"]}
    dockerfile = (project.path / "Dockerfile").read_text(encoding="utf-8").splitlines()
    told, copied = (dockerfile.index(line) for line in ("ENV PIP_FIND_LINKS=/extension/wheels", "COPY wheels wheels"))
    assert max(told, copied) < next(number for number, line in enumerate(dockerfile) if "--constraint" in line)
    howto = (project.path / "HOWTO.md").read_text(encoding="utf-8")
    assert "pip install --find-links wheels " in howto
    assert "pip wheel --no-deps --wheel-dir wheels " in howto
    workflow = project.path / ".github/workflows/test.yml"
    if workflow.exists():
        job = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["test"]
        assert job["env"] == {"PIP_FIND_LINKS": "wheels"}


@every_project
def test_the_howto_speaks_of_what_is_there(projects: dict[str, Project], name: str) -> None:
    project = projects[name]
    howto = (project.path / "HOWTO.md").read_text(encoding="utf-8")
    assert ("/static/" in howto) == project.has_pages
    # A transformation without settings fails.
    triggers = re.findall(r"devops trigger billing_transformation_request((?:\\\n|.)*)", howto)
    assert all("transformation.settings=" in options for options in triggers)
    assert bool(triggers) == ("tfnapp" in project.applications)
    descriptor = json.loads((project.package / "extension.json").read_text(encoding="utf-8"))
    assert ("icon" in descriptor) == project.has_pages


def _a_project_with(answer: str, value: str) -> str:
    return next(name for name, answers in CHOICES.items() if answers.get(answer) == value)


def test_license_is_the_full_text(projects: dict[str, Project]) -> None:
    apache = (TEMPLATE.parents[1] / "LICENSE").read_text(encoding="utf-8")
    starts = {"MIT": "MIT License\n", "BSD": "BSD 3-Clause License\n"}
    ends = {"MIT": "OTHER DEALINGS IN THE\nSOFTWARE.\n", "BSD": "POSSIBILITY OF SUCH DAMAGE.\n"}
    for project in (projects[_a_project_with("license", chosen)] for chosen in LICENSES):
        text = (project.path / "LICENSE").read_text(encoding="utf-8")
        chosen = project.answer("license")
        if chosen in starts:
            assert text.startswith(f"{starts[chosen]}\nCopyright (c) Globex Corporation\n")
            assert text.endswith(ends[chosen])
        else:
            assert text == apache


def test_workflow_tests_every_supported_python(projects: dict[str, Project]) -> None:
    text = (projects[_a_project_with("use_github_actions", "y")].path / ".github/workflows/test.yml").read_text(
        encoding="utf-8"
    )
    job = yaml.safe_load(text)["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert "python-version: ${{ matrix.python }}" in text


@pytest.mark.skipif(os.name == "nt", reason="modes and sh are those of POSIX systems")
def test_credentials_are_private_and_read_alike_by_shell_and_runner(tmp_path: Any) -> None:
    values = {
        "api_key": "ApiKey SU-000-000-000:abc/+=",
        "environment_id": "ENV-1-01",
        "server_address": "localhost:8443",
    }
    path = render(tmp_path, project_slug="seats", **values).path / ".seats_dev.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert [line.split("=")[0] for line in lines] == [
        "export API_KEY",
        "export ENVIRONMENT_ID",
        "export SERVER_ADDRESS",
    ]
    assert list(dotenv_values(path).values()) == list(values.values())
    script = f'. "{path}"; printf "%s\\n" "$API_KEY" "$ENVIRONMENT_ID" "$SERVER_ADDRESS"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout.splitlines() == list(values.values())


_line = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"], exclude_characters="{}%#"), min_size=1, max_size=40
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=_line.map(str.strip).filter(bool), about=_line.map(str.strip).filter(bool))
def test_text_answers_come_out_as_they_went_in(tmp_path_factory: pytest.TempPathFactory, name: str, about: str) -> None:
    into = tmp_path_factory.mktemp("text")
    project = render(into, project_slug="seats", project_name=name, description=about, author=name)
    content = _toml(project)["project"]
    assert (content["description"], content["authors"]) == (about, [{"name": name}])
    descriptor = json.loads((project.package / "extension.json").read_text(encoding="utf-8"))
    assert (descriptor["name"], descriptor["description"]) == (name, about)
    deployment = yaml.safe_load((project.path / "connect-deployment.yaml").read_text(encoding="utf-8"))
    assert (deployment["name"], deployment["description"]) == (name, about)
    compile((project.package / "__init__.py").read_text(encoding="utf-8"), "__init__.py", "exec")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"project_slug": "../seats"}, "project_slug: '../seats'"),
        ({"project_slug": "my seats"}, "project_slug: 'my seats'"),
        ({"package_name": "my-seats"}, "package_name: 'my-seats'"),
        ({"package_name": "class"}, "package_name: 'class'"),
        ({"package_name": "json"}, "package_name: 'json' would hide another package"),
        ({"package_name": "fastapi"}, "package_name: 'fastapi' would hide another package"),
        ({"package_name": "ui"}, "package_name: 'ui' is the name of another folder"),
        ({"version": "one"}, "version: 'one'"),
        ({"author": "A\nB"}, "author: it has a line break"),
        ({"application_types": "events,webapp"}, "application_types: 'webapp' is none of events, anvil"),
        ({"application_types": ""}, "application_types: choose at least one of events, anvil"),
        ({"extension_type": "transformations", "application_types": "tfnapp"}, "needs both webapp and tfnapp"),
        ({"extension_type": "transformations", "webapp_supports_ui": "n"}, "webapp_supports_ui: a transformations"),
        ({"extension_type": "multiaccount", "extension_audience": ""}, "extension_audience: choose at least one"),
        ({"extension_type": "multiaccount", "extension_audience": "all"}, "extension_audience: 'all' is none of"),
        ({"extension_type": "hub", "event_types": "interactive"}, "event_types: 'interactive' is none of"),
        ({"extension_type": "hub", "background": "product_changed"}, "background: 'product_changed' is none of"),
        ({"event_types": ""}, "event_types: choose at least one of background, interactive, scheduled"),
        ({"event_types": "hourly"}, "event_types: 'hourly' is none of"),
        ({"background": ""}, "background: choose at least one event"),
        ({"background": "asset_gift_request_processing"}, "background: 'asset_gift_request_processing' is none of"),
        (
            {"interactive": "asset_purchase_request_processing"},
            "interactive: 'asset_purchase_request_processing' is none",
        ),
    ],
)
def test_answers_that_will_not_do_are_refused(
    tmp_path: Any, capfd: pytest.CaptureFixture[str], answers: dict[str, str], message: str
) -> None:
    from cookiecutter.exceptions import FailedHookException

    with pytest.raises(FailedHookException):
        render(tmp_path, **answers)
    assert message in capfd.readouterr().err
    assert not list(tmp_path.rglob("*.py"))


@pytest.mark.parametrize("extension_type", EXTENSION_TYPES)
@pytest.mark.parametrize("kind", ["background", "interactive"])
def test_catalogue_of_the_template_agrees_with_the_sdk(kind: str, extension_type: ExtensionType) -> None:
    known = {event.type for event in CATALOGUE.values() if event.category == kind}
    concerned = {event for event in known if extension_type in CATALOGUE[event].extension_types}
    assert set(events_of(kind, extension_type)) == concerned
    for event_type in concerned:
        entry = SOURCE[f"_{kind}"][event_type]
        for variant in [entry, *(kinds.get(entry["kind"], entry) for kinds in SOURCE["_variants"].values())]:
            assert set(variant["statuses"]) <= set(CATALOGUE[event_type].statuses)
            assert bool(variant["statuses"]) == bool(CATALOGUE[event_type].statuses)
