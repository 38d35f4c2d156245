"""Refuse answers from which no working project can be made, before anything is written."""

import keyword
import re
import sys
import unicodedata

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
LISTS = {
    "application_types": {{ '%r' | format(cookiecutter.application_types) }},
    "event_types": {{ '%r' | format(cookiecutter.event_types) }},
    "background": {{ '%r' | format(cookiecutter.background) }},
    "interactive": {{ '%r' | format(cookiecutter.interactive) }},
}
KNOWN = {
    "background": {{ '%r' | format(cookiecutter._background | list) }},
    "interactive": {{ '%r' | format(cookiecutter._interactive | list) }},
}

# PEP 440, without its rarely used spellings.
VERSION = re.compile(r"v?(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?")
SLUG = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# Control characters, surrogates, unassigned ones, line and paragraph separators.
NOT_TEXT = {"Cc", "Cs", "Cn", "Zl", "Zp"}
SOURCES = ("background", "interactive", "scheduled")


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
    elif package in {"connect", "connect_eaas", "tests", *sys.stdlib_module_names}:
        yield f"package_name: {package!r} would hide another package of that name; choose another"
    if not VERSION.fullmatch(version):
        yield f"version: {version!r} is not a version of a Python package; an example is 0.1.0"
    for name, value in ONE_LINE.items():
        if any(unicodedata.category(character) in NOT_TEXT for character in value):
            yield f"{name}: it has a line break or another control character"
    if items(LISTS["application_types"]) != ["events"]:
        yield f"application_types: this template makes 'events' only, not {', '.join(items(LISTS['application_types']))}"
    kinds = items(LISTS["event_types"])
    if not kinds:
        yield f"event_types: choose at least one of {', '.join(SOURCES)}"
    for kind in kinds:
        if kind not in SOURCES:
            yield f"event_types: {kind!r} is none of {', '.join(SOURCES)}"
    for kind, choices in KNOWN.items():
        if kind not in kinds:
            continue
        if not items(LISTS[kind]):
            yield f"{kind}: choose at least one event of {', '.join(choices)}"
        for event in items(LISTS[kind]):
            if event not in choices:
                yield f"{kind}: {event!r} is none of {', '.join(choices)}"


found = list(problems())
if found:
    sys.exit("\n".join(found))
