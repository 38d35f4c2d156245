"""Refuse answers from which no working project can be made, before anything is written."""

import keyword
import re
import sys
import unicodedata
from collections import OrderedDict  # the form in which cookiecutter hands mappings on

ANSWERS = {
    "project_slug": {{ '%r' | format(cookiecutter.project_slug | string) }},
    "package_name": {{ '%r' | format(cookiecutter.package_name | string) }},
    "version": {{ '%r' | format(cookiecutter.version | string) }},
}
ONE_LINE = {
    "project_name": {{ '%r' | format(cookiecutter.project_name | string) }},
    "description": {{ '%r' | format(cookiecutter.description | string) }},
    "author": {{ '%r' | format(cookiecutter.author | string) }},
    "server_address": {{ '%r' | format(cookiecutter.server_address | string) }},
    "api_key": {{ '%r' | format(cookiecutter.api_key | string) }},
    "environment_id": {{ '%r' | format(cookiecutter.environment_id | string) }},
}
TYPE = {{ '%r' | format(cookiecutter.extension_type | string) }}
WITH_PAGES = {{ '%r' | format(cookiecutter.webapp_supports_ui == 'y') }}
LISTS = {
    "extension_audience": {{ '%r' | format(cookiecutter.extension_audience) }},
    "application_types": {{ '%r' | format(cookiecutter.application_types) }},
    "event_types": {{ '%r' | format(cookiecutter.event_types) }},
    "background": {{ '%r' | format(cookiecutter.background) }},
    "interactive": {{ '%r' | format(cookiecutter.interactive) }},
}
# Of each application and each event, the types of extensions that may have it; none named means all.
APPLICATIONS = {{ '%r' | format(cookiecutter._applications) }}
EVENTS = {
    "background": {{ '%r' | format(cookiecutter._background) }},
    "interactive": {{ '%r' | format(cookiecutter._interactive) }},
}

# PEP 440, without its rarely used spellings.
VERSION = re.compile(r"v?(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?")
SLUG = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# Control characters, surrogates, unassigned ones, line and paragraph separators.
NOT_TEXT = {"Cc", "Cs", "Cn", "Zl", "Zp"}
# Modules that the project imports, and folders that it has already or that git does not look into.
MODULES = {"anvil", "connect", "connect_cli_ext", "connect_devops", "connect_eaas", "fastapi", "pydantic", "pytest"}
FOLDERS = {"build", "dist", "htmlcov", "node_modules", "tests", "ui", "wheels"}
SOURCES = ("background", "interactive", "scheduled")
ACTORS = ("vendor", "distributor", "reseller")
INSTALLED = ("multiaccount", "transformations")


def items(answer):
    """Return a list answer as a list; it comes as comma-separated text, or as a list in a mapping or by itself."""
    if isinstance(answer, dict):
        answer = answer["values"]
    found = answer.split(",") if isinstance(answer, str) else answer
    return [item.strip() for item in found if item.strip()]


def problems():
    """Yield one sentence for each answer that will not do."""
    slug, package, version = ANSWERS["project_slug"], ANSWERS["package_name"], ANSWERS["version"]
    if not SLUG.fullmatch(slug):
        yield f"project_slug: {slug!r} does not do for a folder, a service and a distribution; use letters, digits, _ . -"
    if not package.isidentifier() or not package.isascii() or keyword.iskeyword(package):
        yield f"package_name: {package!r} is not a Python identifier; use letters, digits and _"
    elif package.lower() in FOLDERS:
        yield f"package_name: {package!r} is the name of another folder of the project; choose another"
    elif package in MODULES or package in sys.stdlib_module_names:
        yield f"package_name: {package!r} would hide another package of that name; choose another"
    if not VERSION.fullmatch(version):
        yield f"version: {version!r} is not a version of a Python package; an example is 0.1.0"
    for name, value in ONE_LINE.items():
        if any(unicodedata.category(character) in NOT_TEXT for character in value):
            yield f"{name}: it has a line break or another control character"
    yield from problems_of_the_audience()
    yield from problems_of_the_applications()
    if "events" in items(LISTS["application_types"]):
        yield from problems_of_the_events()


def problems_of_the_audience():
    """Only what accounts install has an audience to choose; for the others it is known."""
    actors = items(LISTS["extension_audience"]) if TYPE in INSTALLED else ACTORS
    if not actors:
        yield f"extension_audience: choose at least one of {', '.join(ACTORS)}"
    for actor in actors:
        if actor not in ACTORS:
            yield f"extension_audience: {actor!r} is none of {', '.join(ACTORS)}"


def problems_of_the_applications():
    """Which applications an extension may have depends on its type."""
    possible = [name for name, types in APPLICATIONS.items() if TYPE in types]
    chosen = items(LISTS["application_types"])
    if not chosen:
        yield f"application_types: choose at least one of {', '.join(possible)}"
    for name in chosen:
        if name not in possible:
            yield f"application_types: {name!r} is none of {', '.join(possible)}, which a {TYPE} extension may have"
    if TYPE == "transformations":
        if not {"webapp", "tfnapp"} <= set(chosen):
            yield "application_types: a transformations extension needs both webapp and tfnapp"
        elif not WITH_PAGES:
            yield "webapp_supports_ui: a transformations extension needs its pages in the Connect UI: answer y"


def problems_of_the_events():
    """At least one event of each chosen kind, and only those that concern this type of extension."""
    offered = {
        kind: [event for event, entry in events.items() if TYPE in entry.get("types", [TYPE])]
        for kind, events in EVENTS.items()
    }
    sources = [kind for kind in SOURCES if kind == "scheduled" or offered[kind]]
    kinds = items(LISTS["event_types"])
    if not kinds:
        yield f"event_types: choose at least one of {', '.join(sources)}"
    for kind in kinds:
        if kind not in sources:
            yield f"event_types: {kind!r} is none of {', '.join(sources)}, which a {TYPE} extension may have"
    for kind, choices in offered.items():
        if kind not in kinds or kind not in sources:
            continue
        if not items(LISTS[kind]):
            yield f"{kind}: choose at least one event of {', '.join(choices)}"
        for event in items(LISTS[kind]):
            if event not in choices:
                yield f"{kind}: {event!r} is none of {', '.join(choices)}"


found = list(problems())
if found:
    sys.exit("\n".join(found))
