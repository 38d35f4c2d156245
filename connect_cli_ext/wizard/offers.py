"""What the steps about the extension offer, presume and refuse, given the answers before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connect_cli_ext.project.target import refusal
from connect_cli_ext.wizard import checks
from connect_cli_ext.wizard.step import Choice, Value, View
from connect_eaas.events import EXTENSION_TYPES

__all__ = [
    "AUDIENCES",
    "EVERY_VALUE",
    "FEATURES_OF",
    "LICENSES",
    "WITH_AUDIENCE",
    "WITH_PAGES",
    "YES_NO",
    "check_extension_type",
    "check_features",
    "check_pages",
    "check_root",
    "default_features",
    "event_kinds",
    "events_help",
    "events_of",
    "extension_types",
    "features",
    "origin_help",
    "usual_events",
    "wants",
    "why_no_such_type",
]


def fixed(**labels: str) -> Callable[[View], tuple[Choice, ...]]:
    """Choices that do not depend on anything: values with their labels."""
    choices = tuple(Choice(value, label) for value, label in labels.items())
    return lambda _view: choices


YES_NO: Final = fixed(n="No", y="Yes")

LICENSES: Final = tuple(Choice(name, name) for name in ("Apache Software License 2.0", "MIT", "BSD"))

AUDIENCES: Final = fixed(vendor="Vendors", distributor="Distributors", reseller="Resellers")

WITH_AUDIENCE: Final = frozenset({"multiaccount", "transformations"})
WITH_PAGES: Final = frozenset({"multiaccount", "transformations"})

_FEATURES: Final[Mapping[str, str]] = {
    "events": "Events Processing",
    "anvil": "Anvil Application",
    "webapp": "Web Application",
    "tfnapp": "Transformations Application",
}
FEATURES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "products": ("events", "anvil"),
    "hub": ("events", "anvil", "webapp"),
    "multiaccount": ("events", "anvil", "webapp"),
    "transformations": ("events", "anvil", "webapp", "tfnapp"),
}
_TYPES_OF: Final[Mapping[str | None, tuple[str, ...]]] = {
    "vendor": ("products", "multiaccount", "transformations"),
    "provider": ("hub", "multiaccount", "transformations"),
    None: tuple(EXTENSION_TYPES),
}

EVERY_VALUE: Final[Mapping[str, tuple[str, ...]]] = {
    "license": tuple(choice.value for choice in LICENSES),
    "extension_type": tuple(EXTENSION_TYPES),
    "extension_audience": ("vendor", "distributor", "reseller"),
    "application_types": tuple(_FEATURES),
    "event_types": ("background", "interactive", "scheduled"),
}
"""What can ever be chosen, for the questions where that does not depend on the platform."""

_USUAL_EVENTS: Final[Mapping[str, frozenset[str]]] = {
    "background": frozenset(
        {
            "asset_purchase_request_processing",
            "asset_change_request_processing",
            "asset_suspend_request_processing",
            "asset_resume_request_processing",
            "asset_cancel_request_processing",
            "tier_config_setup_request_processing",
        }
    ),
    "interactive": frozenset(
        {"asset_purchase_request_validation", "product_action_execution", "product_custom_event_processing"}
    ),
}


def _missing(label: str, served: bool) -> str:
    return label if served else f"{label} (not made by this version)"


def extension_types(view: View) -> tuple[Choice, ...]:
    """The types that the account may have; vendors and providers differ (reference/cli.md 4.3)."""
    served = view.surroundings.served.types
    labels: Mapping[str, str] = {str(key): label for key, label in EXTENSION_TYPES.items()}
    return tuple(
        Choice(kind, _missing(labels[kind], kind in served)) for kind in _TYPES_OF[view.surroundings.account_kind]
    )


def why_no_such_type(value: str, view: View) -> str:
    """Name the account that has no extensions of a type, and what to do if that is not the account meant."""
    if value not in EXTENSION_TYPES:
        return ""
    of_vendor = "a vendor's (VA-…)", "a distributor's or reseller's (PA-…)"
    own, other = of_vendor if view.surroundings.account_kind == "vendor" else reversed(of_vendor)
    return f"The active account is {own}, and {value} is for {other}: 'ccli account activate' changes accounts"


def check_extension_type(value: Value, view: View) -> str | None:
    """Refuse a type that the installed template cannot make."""
    served = view.surroundings.served.types
    if value in served:
        return None
    return f"this version cannot make such a project yet; it makes: {', '.join(sorted(served))}"


def features(view: View) -> tuple[Choice, ...]:
    """The applications that the chosen type may have."""
    served = view.surroundings.served.features
    return tuple(
        Choice(feature, _missing(_FEATURES[feature], feature in served))
        for feature in FEATURES_OF.get(view.text("extension_type"), ())
    )


def default_features(view: View) -> Value:
    """Events, but a transformations extension is nothing without its two applications."""
    return ("webapp", "tfnapp") if view.text("extension_type") == "transformations" else ("events",)


def check_features(value: Value, view: View) -> str | None:
    """Refuse what is incomplete, or what the installed template cannot make."""
    if view.text("extension_type") == "transformations" and not {"webapp", "tfnapp"} <= set(value):
        return "a transformations extension needs both webapp and tfnapp"
    absent = [feature for feature in value if feature not in view.surroundings.served.features]
    if absent:
        served = ", ".join(sorted(view.surroundings.served.features))
        return f"this version does not make {', '.join(absent)} yet; it makes: {served}"
    return None


def events_of(view: View, category: str) -> tuple[Choice, ...]:
    """The event types of one category that the chosen type of extension may subscribe to."""
    kind = view.text("extension_type")
    served = view.surroundings.served.events
    return tuple(
        Choice(option.type, option.title, option.type)
        for option in view.surroundings.events.options()
        if option.category == category and kind in option.extension_types and (served is None or option.type in served)
    )


def event_kinds(view: View) -> tuple[Choice, ...]:
    """The categories in which there are events for the chosen type; schedules are for all."""
    labels = {"background": "Background Events", "interactive": "Interactive Events"}
    found = tuple(Choice(kind, label) for kind, label in labels.items() if events_of(view, kind))
    return (*found, Choice("scheduled", "Scheduled Event Example"))


def usual_events(category: str) -> Callable[[View], Value]:
    """Presume the events that most extensions process, as far as they are offered."""

    def usual(view: View) -> Value:
        offered = tuple(choice.value for choice in events_of(view, category))
        return tuple(event for event in offered if event in _USUAL_EVENTS[category]) or offered[:1]

    return usual


def wants(category: str) -> Callable[[View], bool]:
    """Ask only if this kind of events was chosen."""
    return lambda view: category in view.items("event_types")


def events_help(view: View) -> str:
    """Say where the list of events comes from."""
    return f"The list comes from {view.surroundings.events.origin}."


def check_root(value: Value, view: View) -> str | None:
    """Refuse names that do not work as a folder of a project, and folders that are taken."""
    slug = str(value)
    return checks.check_slug(slug) or refusal(view.surroundings.output_dir / slug, force=view.surroundings.force)


def check_pages(value: Value, view: View) -> str | None:
    """A transformations extension cannot do without pages."""
    if view.text("extension_type") == "transformations" and value != "y":
        return "a transformations extension needs its pages in the Connect UI: answer y"
    return None


def origin_help(text: str) -> Callable[[View], str]:
    """Explain, and say where the presumed answer comes from."""

    def says(view: View) -> str:
        origin = view.surroundings.origin
        return f"{text} The answer presumed is from {origin}." if origin else text

    return says
