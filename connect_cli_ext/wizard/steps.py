"""The wizard's 22 steps as data: what each asks, offers, presumes and accepts, and when it is asked.

Names, values, order and conditions: reference/cli.md 4.3, made looser where the user documentation allows it (the
environment id and the key may stay empty) and stricter where a project would not work (folder and package names).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connect_cli_ext.wizard import checks, offers
from connect_cli_ext.wizard.step import Check, Kind, Step, Value, View

__all__ = ["STEPS"]


def _says(text: str) -> Callable[[View], str]:
    return lambda _view: text


def _is(value: Value) -> Callable[[View], Value]:
    return lambda _view: value


def _line(rule: Callable[[str], str | None]) -> Check:
    return lambda value, _view: rule(value if isinstance(value, str) else ",".join(value))


_DEVOPS: Final = "https://connect.cloudblue.com/community/modules/devops/"
_LOCAL_ACCESS: Final = f"{_DEVOPS}user-interface/#Service_Details"

STEPS: Final[tuple[Step, ...]] = (
    Step(
        "Introduction",
        "Introduction",
        "Welcome! A few questions, and your extension project is ready to run.",
        Kind.PAGE,
        help=_says(
            "Every step can be left with Next, Back or Cancel, and most are answered already: Enter goes on. Nothing "
            "is written before Create on the last step, and every answer can be changed until then."
        ),
        link=_DEVOPS,
    ),
    Step(
        "Project",
        "Project: name",
        "What is the project called?",
        Kind.TEXT,
        "project_name",
        help=_says("Its display name: any line of text."),
        default=_is("My Awesome Project"),
        check=_line(checks.check_line),
    ),
    Step(
        "Project",
        "Project: root",
        "Which folder shall the project be in?",
        Kind.TEXT,
        "project_slug",
        help=lambda view: f"It is made in {view.surroundings.output_dir}.",
        default=lambda view: checks.slug_of(view.text("project_name")),
        check=offers.check_root,
    ),
    Step(
        "Project",
        "Project: description",
        "What does it do, in one line?",
        Kind.TEXT,
        "description",
        help=_says("It is shown in the DevOps module and on the first page of the documentation."),
        default=_is("Project description"),
        check=_line(checks.check_line),
    ),
    Step(
        "Project",
        "Project: version",
        "Which version does it start with?",
        Kind.TEXT,
        "version",
        link="https://packaging.python.org/en/latest/specifications/version-specifiers/",
        help=_says("A version that Python's packaging tools accept, such as 0.1.0 or 1.0.0rc1."),
        default=_is("0.1.0"),
        check=_line(checks.check_version),
    ),
    Step(
        "Project",
        "Project: author",
        "Who is its author?",
        Kind.TEXT,
        "author",
        help=_says("A person or a company; it is named in the package and in the license."),
        default=_is("Globex Corporation"),
        check=_line(checks.check_line),
    ),
    Step(
        "Project",
        "Project: license",
        "Under which license?",
        Kind.ONE,
        "license",
        link="https://spdx.org/licenses/",
        help=_says("The platform works with these three only."),
        default=_is(offers.LICENSES[0].value),
        choices=lambda _view: offers.LICENSES,
    ),
    Step(
        "Project",
        "Project: package",
        "What shall its Python package be called?",
        Kind.TEXT,
        "package_name",
        help=_says("The code is in it. A Python identifier that is no other module's name."),
        default=_is("connect_ext"),
        check=_line(checks.check_package),
    ),
    Step(
        "Project",
        "Project: asyncio",
        "Shall the handlers be coroutines (asyncio)?",
        Kind.ONE,
        "use_asyncio",
        link="https://docs.python.org/3/library/asyncio.html",
        help=_says("A project is either asynchronous or synchronous; the two do not mix in one project."),
        default=_is("n"),
        choices=offers.YES_NO,
    ),
    Step(
        "Project",
        "Project: CI",
        "Shall GitHub Actions run its tests?",
        Kind.ONE,
        "use_github_actions",
        help=_says("A workflow that checks and tests the project at every push."),
        link="https://docs.github.com/en/actions",
        default=_is("n"),
        choices=offers.YES_NO,
    ),
    Step(
        "Config",
        "Config: API hostname",
        "Which host serves the Connect API?",
        Kind.TEXT,
        "server_address",
        help=offers.origin_help("For local runs. The Integrations module shows it in its General part."),
        default=lambda view: view.surroundings.server_address,
        check=_line(checks.check_server_address),
    ),
    Step(
        "Config",
        "Config: API key",
        "Which API key opens it?",
        Kind.HIDDEN,
        "api_key",
        help=offers.origin_help(
            "For local runs; in the cloud the platform brings its own, so it may stay empty. "
            "It goes to the env file only."
        ),
        default=lambda view: view.surroundings.api_key,
        check=_line(checks.check_api_key),
    ),
    Step(
        "Config",
        "Config: environment ID",
        "Which environment shall it connect to?",
        Kind.TEXT,
        "environment_id",
        link=_LOCAL_ACCESS,
        help=_says(
            "The widget Local Access of the DevOps module shows the id. It may stay empty: the cloud needs none, and "
            "'ccli devops dev' finds the local platform's by itself."
        ),
        default=lambda view: view.surroundings.environment_id,
        check=_line(checks.check_environment_id),
    ),
    Step(
        "Extension",
        "Extension: Extension type",
        "Which type of extension is it?",
        Kind.ONE,
        "extension_type",
        link=_DEVOPS,
        help=_says("What is offered depends on the kind of the active account."),
        default=lambda view: offers.extension_types(view)[0].value,
        choices=offers.extension_types,
        why_not=offers.why_no_such_type,
        check=offers.check_extension_type,
    ),
    Step(
        "Extension",
        "Extension: Audience",
        "Who can install it?",
        Kind.MANY,
        "extension_audience",
        help=_says("The kinds of accounts that find the extension among those to install."),
        default=_is(("vendor", "distributor", "reseller")),
        choices=offers.AUDIENCES,
        applies=lambda view: view.text("extension_type") in offers.WITH_AUDIENCE,
    ),
    Step(
        "Extension",
        "Extension: Features",
        "Which applications does it have?",
        Kind.MANY,
        "application_types",
        link=_DEVOPS,
        help=_says("What is offered depends on the type of the extension."),
        default=offers.default_features,
        choices=offers.features,
        check=offers.check_features,
    ),
    Step(
        "Extension",
        "Extension: Events type",
        "Which kinds of events does it process?",
        Kind.MANY,
        "event_types",
        offers_events=True,
        link=_DEVOPS,
        help=offers.events_help,
        default=lambda view: tuple(choice.value for choice in offers.event_kinds(view)),
        choices=offers.event_kinds,
        applies=lambda view: "events" in view.items("application_types"),
    ),
    Step(
        "Extension",
        "Extension: WebApp",
        "Shall the web application have pages in the Connect UI?",
        Kind.ONE,
        "webapp_supports_ui",
        help=_says("Pages appear in the user interface of the platform; without them it has an API only."),
        default=_is("y"),
        choices=offers.YES_NO,
        check=offers.check_pages,
        applies=lambda view: (
            "webapp" in view.items("application_types") and view.text("extension_type") in offers.WITH_PAGES
        ),
    ),
    Step(
        "Extension",
        "Extension: Background events",
        "Which background events does it process?",
        Kind.MANY,
        "background",
        offers_events=True,
        link=_DEVOPS,
        help=offers.events_help,
        default=offers.usual_events("background"),
        choices=lambda view: offers.events_of(view, "background"),
        applies=offers.wants("background"),
    ),
    Step(
        "Extension",
        "Extension: Interactive events",
        "Which interactive events does it answer?",
        Kind.MANY,
        "interactive",
        offers_events=True,
        link=_DEVOPS,
        help=offers.events_help,
        default=offers.usual_events("interactive"),
        choices=lambda view: offers.events_of(view, "interactive"),
        applies=offers.wants("interactive"),
    ),
    Step(
        "Examples",
        "Examples: variables",
        "Shall it declare example variables?",
        Kind.ONE,
        "include_variables_example",
        help=_says("Variables are the extension's configuration, set for each environment."),
        default=_is("n"),
        choices=offers.YES_NO,
    ),
    Step("Summary", "Summary", "This is what will be made.", Kind.PAGE, offers_events=True),
)
