from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from connect_cli_ext.project.base import BASE
from connect_cli_ext.project.marker import MARKER

Ccli = Callable[..., Any]
ADD = ("project", "extension", "add")
Make = Callable[..., Path]


@pytest.fixture
def make(bootstrap: Make) -> Make:
    """Make a project from answers."""
    return bootstrap


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not {".git", "__pycache__"} & set(path.relative_to(folder).parts)
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, (path, old)
    path.write_text(text.replace(old, new))


def rows(text: str, heading: str) -> list[str]:
    """The first cells of the table that begins with this heading."""
    _, _, rest = text.partition(f"\n{heading}")
    table = rest.partition("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1].strip() for line in table]


def check(project: Path) -> None:
    """The project is clean for its linter, and its own tests pass."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    for command in (
        ("ruff", "check", "--no-cache", "."),
        ("ruff", "format", "--check", "--no-cache", "."),
        ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(180)
@pytest.mark.parametrize("use_asyncio", ["n", "y"])
def test_handlers_come_with_their_tests_and_what_both_need(ccli: Ccli, make: Make, use_asyncio: str) -> None:
    project = make(event_types="background", background="asset_cancel_request_processing", use_asyncio=use_asyncio)
    before = tree(project)
    for event_type in (
        "asset_purchase_request_processing",
        "tier_config_setup_request_processing",
        "product_action_execution",
    ):
        result = ccli(*ADD, "event", event_type, "-p", project)
        assert (result.status, result.err) == (0, "")
        assert result.out.startswith(f"Added: handler for {event_type}\n")
        assert "connect_ext/extension.py (changed)" in result.out
    text = (project / "connect_ext" / "extension.py").read_text()
    asynchronous = "async " if use_asyncio == "y" else ""
    assert f"    {asynchronous}def handle_product_action_execution(" in text
    assert "PRODUCT_ACTION_URL" in (project / "connect-deployment.yaml").read_text()
    assert "connect_ext/parameters.py" not in before
    assert (project / "connect_ext" / "parameters.py").is_file()
    assert [tree(project)[name] for name in (MARKER, BASE)] == [before[name] for name in (MARKER, BASE)]
    check(project)


def test_somebody_s_own_code_stays_and_gets_the_handler_where_it_belongs(ccli: Ccli, make: Make) -> None:
    project = make(event_types="background", background="asset_cancel_request_processing")
    extension = project / "connect_ext" / "extension.py"
    edit(extension, "MyAwesomeProjectEventsApplication", "Seats")
    edit(extension, "ConnectObject = dict[str, Any]\n", "ConnectObject = dict[str, Any]  # mine\n")
    moved = project / "connect_ext" / "seats.py"
    extension.rename(moved)
    moved.write_text(moved.read_text() + "\n\ndef own() -> int:\n    return 1\n")
    edit(project / "pyproject.toml", "extension:MyAwesomeProjectEventsApplication", "seats:Seats")
    for name in ("conftest.py", "test_extension.py"):
        path = project / "tests" / name
        path.write_text(
            re.sub(r"connect_ext\.extension\b", "connect_ext.seats", path.read_text()).replace(
                "MyAwesomeProjectEventsApplication", "Seats"
            )
        )
    own = moved.read_text()
    result = ccli(*ADD, "event", "tier_account_update_request_processing", "-p", project)
    assert result.status == 0, result.err
    text = moved.read_text()
    assert "    def handle_tier_account_update_request_processing(self" in text
    assert [line for line in own.splitlines() if line not in text.splitlines()] == []
    assert text.endswith("def own() -> int:\n    return 1\n")
    assert not extension.exists()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("extension_type", ["hub", "transformations"])
def test_schedulable_methods_and_variables_of_every_type(ccli: Ccli, make: Make, extension_type: str) -> None:
    features = "events,webapp,tfnapp" if extension_type == "transformations" else "events"
    project = make(extension_type=extension_type, application_types=features, event_types="scheduled")
    assert ccli(*ADD, "schedulable", "refresh_prices", "-p", project).status == 0
    long = "Does everything there is to do with prices, also what was not done before, and says so in a long sentence."
    words = ("--title", 'All "prices"', "--description", long)
    assert ccli(*ADD, "schedulable", "refresh_all_of_the_prices_there_are", *words, "-p", project).status == 0
    assert ccli(*ADD, "variable", "SECRET_TOKEN", "--secure", "-p", project).status == 0
    assert ccli(*ADD, "variable", "REGION", "--value", 'E"U', "-p", project).status == 0
    deployment = yaml.safe_load((project / "connect-deployment.yaml").read_text())
    assert deployment["var"]["SECRET_TOKEN"] == {"secure": True}
    assert deployment["var"]["REGION"] == {"value": 'E"U'}
    described = ("--description", "Where | we are.", "--value", "EU")
    assert ccli(*ADD, "variable", "PLACE", *described, "-p", project).status == 0
    readme = (project / "README.md").read_text()
    assert '| schedule "Refresh prices" | – | Logs how many' in readme
    assert f'| schedule "All "prices"" | – | {long} |\n' in readme
    assert "| `SECRET_TOKEN` | yes |  |  |\n" in readme
    assert "| `PLACE` | no | `EU` | Where \\| we are. |\n" in readme
    check(project)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("extension_type", "present", "feature"),
    [
        ("products", "events", "anvil"),
        ("multiaccount", "webapp", "events"),
    ],
)
def test_an_application_is_added(ccli: Ccli, make: Make, extension_type: str, present: str, feature: str) -> None:
    project = make(extension_type=extension_type, application_types=present)
    (project / "mine.py").write_text("MINE = 1\n")
    result = ccli(*ADD, "application", feature, "-p", project)
    assert result.status == 0, result.err
    assert "(new)" in result.out
    again = ccli(*ADD, "application", feature, "-p", project)
    assert again.status == 1
    assert re.search(r"\.py:\d+: \w+ is the project's \w+ already", again.err)
    check(project)


@pytest.mark.timeout(180)
def test_transformations_begin_as_a_copy_with_dialog_endpoint_and_tests(ccli: Ccli, make: Make) -> None:
    project = make(extension_type="transformations")
    words = ("--title", "Round prices", "--description", "Rounds prices.")
    result = ccli(*ADD, "transformation", "round_prices", *words, "-p", project)
    assert (result.status, result.err) == (0, "")
    text = (project / "connect_ext" / "tfnapp.py").read_text()
    assert '        name="Round prices",\n        description="Rounds prices.",\n' in text
    assert 'edit_dialog_ui="/static/transformations/round_prices.html"' in text
    assert "    def copy_columns(self" in text
    assert "| Round prices | Rounds prices. | `round_prices` |" in (project / "README.md").read_text()
    assert '@router.post("/validate/round_prices")' in (project / "connect_ext" / "webapp.py").read_text()
    assert "ui/tests/transformations/round_prices.test.js (new)" in result.out
    tests = (project / "tests" / "test_webapp.py").read_text()
    assert "def test_copies_are_described_by_round_prices(" in tests
    assert 'ask(client, "round_prices", ' in tests
    dialog = (project / "connect_ext" / "static" / "transformations" / "round_prices.html").read_text()
    assert "assets/transformations/round_prices.js" in dialog
    before = tree(project)
    again = ccli(*ADD, "transformation", "round_prices", "-p", project)
    assert (again.status, "has round_prices already" in again.err) == (1, True)
    assert tree(project) == before
    long = "a_name_that_is_as_long_as_names_can_be_in_a_proj"
    assert ccli(*ADD, "transformation", long, "--title", '"Long" and it\'s "odd"', "-p", project).status == 0
    check(project)


@pytest.mark.timeout(180)
def test_pages_become_tabs_with_a_test(ccli: Ccli, make: Make) -> None:
    project = make(extension_type="multiaccount", application_types="webapp", webapp_supports_ui="y")
    assert ccli(*ADD, "page", "statistics", "-p", project).status == 0
    assert ccli(*ADD, "page", "more", "--title", 'More & "more"', "-p", project).status == 0
    text = (project / "connect_ext" / "webapp.py").read_text()
    assert '{"label": "Statistics", "url": "/static/statistics.html"}' in text
    page = (project / "connect_ext" / "static" / "more.html").read_text()
    assert "<title>More &amp; &quot;more&quot;</title>" in page
    assert "./assets/more.js" in page
    script_test = (project / "ui" / "tests" / "more.test.js").read_text()
    assert "import { start } from '../src/more.js';" in script_test
    assert "openPage('more.html')" in script_test
    readme = (project / "README.md").read_text()
    assert 'account\'s settings.\nThe tab *Statistics* is beside the main page.\nThe tab *More & "more"* is' in readme
    again = ccli(*ADD, "page", "more", "-p", project)
    assert (again.status, "exists already" in again.err) == (1, True)
    check(project)


@pytest.mark.parametrize(
    ("extension_type", "words", "kind"),
    [
        ("products", ("transformation", "x"), "transformations"),
        ("multiaccount", ("transformation", "x"), "transformations"),
        ("multiaccount", ("application", "tfnapp"), "transformations"),
        ("products", ("page", "x"), "multiaccount"),
        ("hub", ("page", "x"), "multiaccount"),
    ],
)
def test_what_a_type_cannot_have_is_advised_to_a_project_that_can(
    ccli: Ccli, make: Make, tmp_path: Path, extension_type: str, words: tuple[str, str], kind: str
) -> None:
    project = make(extension_type=extension_type)
    before = tree(project)
    result = ccli(*ADD, *words, "-p", project)
    assert (result.status, tree(project)) == (1, before)
    advised = re.search(r"'ccli (project extension bootstrap [^']+)'", result.err)
    assert advised is not None, result.err
    assert f"extension_type={kind}" in advised[1]
    target = tmp_path / "advised"
    target.mkdir()
    assert ccli(*advised[1].split(), "--defaults", "-o", target).status == 0
    again = ccli(*ADD, *words, "-p", target / "my_awesome_project")
    assert again.status == 0 or "already" in again.err


@pytest.mark.timeout(180)
def test_what_was_added_before_is_known_to_what_is_added_next(ccli: Ccli, make: Make) -> None:
    project = make(extension_type="products", application_types="anvil")
    for words in (
        ("application", "events", "--answer", "event_types=scheduled"),
        ("event", "asset_purchase_request_processing"),
        ("schedulable", "refresh_prices"),
        ("variable", "TOKEN"),
        ("event", "product_action_execution"),
    ):
        result = ccli(*ADD, *words, "-p", project)
        assert (result.status, result.err) == (0, ""), (words, result.err)
        assert "README.md (changed)" in result.out
    text = (project / "README.md").read_text()
    assert text.count("## Variables") == 1
    assert rows(text, "| event |") == [
        "`asset_purchase_request_processing`",
        "`product_action_execution`",
        'schedule "Count pending requests"',
        'schedule "Refresh prices"',
    ]
    assert sorted(rows(text, "| name | secured |")) == [
        "`ANVIL_API_KEY`",
        "`ASSET_REQUEST_APPROVE_TEMPLATE_ID`",
        "`PRODUCT_ACTION_URL`",
        "`TOKEN`",
    ]
    check(project)


def test_a_readme_of_one_s_own_is_left_alone_and_what_has_no_place_is_told(ccli: Ccli, make: Make) -> None:
    project = make(event_types="background", background="asset_cancel_request_processing")
    readme = project / "README.md"
    readme.write_text("# Mine\n\nNo tables.\n")
    for words, missing in (
        (("schedulable", "tidy_up"), "no table of 'event', 'statuses', …"),
        (("variable", "TOKEN"), "no table of 'name', 'secured', …"),
    ):
        result = ccli(*ADD, *words, "-p", project)
        assert (result.status, result.err) == (0, "")
        assert f"README.md has {missing}: describe the new one yourself" in result.out
    assert readme.read_text() == "# Mine\n\nNo tables.\n"
    readme.unlink()
    assert "README" not in ccli(*ADD, "schedulable", "tidy_more", "-p", project).out


def test_what_exists_is_named_with_file_and_line_and_nothing_is_changed(ccli: Ccli, make: Make) -> None:
    project = make(include_variables_example="y")
    before = tree(project)
    extension = (project / "connect_ext" / "extension.py").read_text().splitlines()
    for words, what in (
        (("event", "asset_purchase_request_processing"), "handles asset_purchase_request_processing already"),
        (("schedulable", "execute_scheduled_processing"), "has execute_scheduled_processing already"),
        (("schedulable", "other", "--title", "Count pending requests"), "is called 'Count pending requests' already"),
        (("variable", "EXAMPLE_SECRET"), "declares EXAMPLE_SECRET already"),
    ):
        result = ccli(*ADD, *words, "-p", project)
        assert result.status == 1
        match = re.search(r"connect_ext/extension\.py:(\d+): .*" + re.escape(what), result.err)
        assert match is not None, result.err
        assert re.search(r"def |\{\"name\"", extension[int(match[1]) - 1])
    assert tree(project) == before


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("event", "aset_purchase_request_processing"), 1, "Did you mean asset_purchase_request_processing"),
        (("event", "nonsense"), 1, "Known are: asset_"),
        (("schedulable", "not-a-name"), 2, "it must be the name of a method. 'not-a-name' is not"),
        (("schedulable", "class"), 2, "it must be the name of a method. 'class' is a keyword of Python"),
        (("schedulable", "x" * 49), 2, "it must be the name of a method. at most 48 characters, this has 49"),
        (("schedulable", "a", "--title", "two\nlines"), 2, "one line of text"),
        (("schedulable", "a", "--description", " "), 2, "one line of text"),
        (("page", "1st"), 2, "it must be the name of a page. '1st' is not"),
        (("page", "größe"), 2, "it must be the name of a page. 'größe' is not"),
        (("page", "a", "--title", "two\nlines"), 2, "one line of text"),
        (("transformation", "two words"), 2, "it must be the name of a transformation. 'two words' is not"),
        (("event", "installation_status_change"), 1, "extensions of the type 'products' do not get"),
        (("variable", "1ST"), 2, "is no name of a variable"),
        (("variable", "A", "--value", "two\nlines"), 2, "one line of text"),
        (("variable", "A", "--to", "anvil"), 1, "declares no anvilapp; add one with"),
        (("variable", "A", "--to", "webapp"), 1, "of the type 'products' cannot have the application 'webapp'"),
        (("application", "webapp"), 1, "of the type 'products' cannot have the application 'webapp'"),
        (("application", "webap"), 2, "'webap' is not one of"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(
    ccli: Ccli, make: Make, words: tuple[str, ...], status: int, message: str
) -> None:
    project = make()
    before = tree(project)
    result = ccli(*ADD, *words, "-p", project)
    assert (result.status, message in result.err) == (status, True), result.err
    assert tree(project) == before


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("pyproject.toml", None, "pyproject.toml: cannot be read"),
        ("pyproject.toml", "[", "pyproject.toml: is no TOML"),
        ("pyproject.toml", "", "declares no application"),
        ("connect_ext/extension.py", None, "extension.py: no such file, although pyproject.toml names"),
        ("connect_ext/extension.py", "class (", "extension.py:1: is no Python"),
        ("connect_ext/extension.py", "\ufeffimport os\n", "extension.py: begins with a byte order mark"),
        ("connect_ext/extension.py", "", "has no class MyAwesomeProjectEventsApplication"),
    ],
)
def test_a_broken_project_is_named(ccli: Ccli, make: Make, file: str, content: str | None, message: str) -> None:
    project = make()
    (project / file).unlink()
    if content is not None:
        (project / file).write_text(content)
    result = ccli(*ADD, "event", "asset_renew_request_processing", "-p", project)
    assert result.status == 1
    assert message in result.err


HAND_MADE = """\
from connect_eaas import BackgroundResponse, Extension, event


class Mine(Extension):
    @event("asset_purchase_request_processing", statuses=["pending"])
    def buy(self, request):
        return BackgroundResponse.done()
"""


@pytest.mark.timeout(180)
def test_files_with_windows_line_ends_keep_them(ccli: Ccli, make: Make) -> None:
    project = make(event_types="background", background="asset_purchase_request_processing")
    for path in project.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.suffix in (".py", ".md", ".toml", ".yml", ".yaml"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    before = tree(project)
    for words in (
        ("event", "product_action_execution"),
        ("event", "asset_cancel_request_processing"),
        ("schedulable", "refresh_prices"),
        ("variable", "TOKEN"),
    ):
        result = ccli(*ADD, *words, "-p", project)
        assert (result.status, result.err, "yours" in result.out) == (0, "", False), result.out
    changed = [name for name, content in tree(project).items() if before.get(name, content) != content]
    assert {"connect_ext/extension.py", "tests/conftest.py", "connect-deployment.yaml", "README.md"} <= set(changed)
    for name in changed:
        content = tree(project)[name]
        assert content.count(b"\n") == content.count(b"\r\n"), name


def test_a_project_that_was_not_made_here_gets_the_handler_too(ccli: Ccli, tmp_path: Path) -> None:
    project = tmp_path / "hand made"
    (project / "shop").mkdir(parents=True)
    (project / "shop" / "__init__.py").touch()
    (project / "shop" / "mine.py").write_text(HAND_MADE)
    entry = '[tool.poetry.plugins."connect.eaas.ext"]\nextension = "shop.mine:Mine"\n'
    (project / "pyproject.toml").write_text(entry)
    result = ccli(*ADD, "event", "asset_cancel_request_processing", "-p", project)
    assert result.status == 0, result.err
    text = (project / "shop" / "mine.py").read_text()
    assert "    def buy(self, request):\n        return BackgroundResponse.done()\n" in text
    assert "    def handle_asset_cancel_request_processing(self" in text
    assert "    def approve_asset_request(" in text
    compile(text, "mine.py", "exec")
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert "ConnectObject" in namespace


def test_event_types_are_completed(ccli: Ccli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_CCLI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "ccli project extension add event tier_config_s")
    monkeypatch.setenv("COMP_CWORD", "5")
    assert ccli().out.splitlines() == [
        "plain,tier_config_setup_request_processing",
        "plain,tier_config_setup_request_validation",
    ]
