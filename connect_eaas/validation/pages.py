"""Rules on the pages that a web application adds to the Connect user interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connect_eaas import constants
from connect_eaas.validation.project import Project
from connect_eaas.validation.rule import ERROR, WARNING, Finding, Rule
from connect_eaas.validation.static_files import PREFIX, static_file

__all__ = ["RULES", "check_pages"]

NO_LABEL: Final = Rule(
    "WEB009", ERROR, "a page has no label",
    "The label is what people click on.",
    "Give the page a label: a text that is not empty.",
)  # fmt: skip
NO_URL: Final = Rule(
    "WEB010", ERROR, "a page has no url",
    "It says which file to show.",
    "Give the page the path of an HTML file under /static/.",
)  # fmt: skip
URL_OUTSIDE: Final = Rule(
    "WEB011", ERROR, "the url of a page is not under /static/",
    "Pages are served from there only.",
    "Put the file into static/ and start the url with /static/.",
)  # fmt: skip
NO_PAGE: Final = Rule(
    "WEB012", ERROR, "the file of a page does not exist",
    "People would see an error instead of the page.",
    "Add the file to the static/ folder of the package, or correct the url.",
    blocks=False,
)  # fmt: skip
CHILDREN_NO_LIST: Final = Rule(
    "WEB013", ERROR, "the children of the module's page are no list",
    "They are the module's tabs.",
    "Give a list of objects with label and url.",
)  # fmt: skip
INCOMPLETE: Final = Rule(
    "WEB014", ERROR, "a page lacks its label or its url",
    "Both are needed to show it.",
    "Give the page a label and a url.",
)  # fmt: skip
PAGES_NO_LIST: Final = Rule(
    "WEB015", ERROR, "pages are no list",
    "These decorators take a list of pages, also for a single one.",
    "Give a list of objects with label and url.",
)  # fmt: skip
WRONG_ICON: Final = Rule(
    "WEB016", ERROR, "the icon of a customer page is wrong",
    "The icon is served from the extension's static files.",
    "Give the path of an image under /static/, or leave the icon out.",
    blocks=False,
)  # fmt: skip
NOT_BUILT: Final = Rule(
    "WEB022", WARNING, "a file of the user interface is not built yet",
    "The project makes its static files with a build, and it has not run since they were last removed.",
    "Run: npm install && npm run build",
)  # fmt: skip
MISSING_ICON: Final = Rule(
    "WEB023", WARNING, "an icon does not exist",
    "A broken image would be shown.",
    "Give the path of an image under /static/, or leave the icon out.",
)  # fmt: skip

RULES: Final = (
    NO_LABEL, NO_URL, URL_OUTSIDE, NO_PAGE, CHILDREN_NO_LIST, INCOMPLETE, PAGES_NO_LIST, WRONG_ICON, NOT_BUILT,
    MISSING_ICON,
)  # fmt: skip

_LISTS: Final = {
    "admin_pages": constants.ADMIN_PAGES_ATTR_NAME,
    "devops_pages": constants.DEVOPS_PAGES_ATTR_NAME,
    "customer_pages": constants.CUSTOMER_PAGES_ATTR_NAME,
}


def check_pages(project: Project, cls: type) -> Iterator[Finding]:
    """Check all pages that ``cls`` declares."""
    settings = getattr(cls, constants.ACCOUNT_SETTINGS_PAGE_ATTR_NAME, None)
    if settings is not None:
        yield from _page(project, cls, "account_settings_page", settings)
    module = getattr(cls, constants.MODULE_PAGES_ATTR_NAME, None)
    if module is not None:
        yield from _page(project, cls, "module_pages", module)
        children = module.get("children", []) if isinstance(module, Mapping) else []
        if isinstance(children, (list, tuple)):
            for child in children:
                yield from _page(project, cls, "module_pages", child)
        else:
            yield CHILDREN_NO_LIST.broken(
                f"they are a {type(children).__name__}", project.place_of_decorator(cls, "module_pages")
            )
    for decorator, marker in _LISTS.items():
        pages = getattr(cls, marker, None)
        if pages is None:
            continue
        if isinstance(pages, (list, tuple)):
            for page in pages:
                yield from _page(project, cls, decorator, page)
        else:
            yield PAGES_NO_LIST.broken(
                f"@{decorator} got a {type(pages).__name__}", project.place_of_decorator(cls, decorator)
            )


def _page(project: Project, cls: type, decorator: str, page: Any) -> Iterator[Finding]:
    place = project.place_of_decorator(cls, decorator)
    if not isinstance(page, Mapping) or "label" not in page or "url" not in page:
        yield INCOMPLETE.broken(f"@{decorator}: {page!r} lacks label or url", place)
        return
    label, url, icon = page["label"], page["url"], page.get("icon")
    if isinstance(url, str) and url:
        place = project.place_of_decorator(cls, decorator, url)
    if not isinstance(label, str) or not label.strip():
        yield NO_LABEL.broken(f"@{decorator}: the label is {label!r}", place)
    if not isinstance(url, str) or not url:
        yield NO_URL.broken(f"@{decorator}: the url is {url!r}", place)
    elif not url.startswith(PREFIX):
        yield URL_OUTSIDE.broken(f"@{decorator}: {url!r} does not start with {PREFIX}", place)
    elif static_file(cls, url) is None:
        rule = NOT_BUILT if project.builds_pages else NO_PAGE
        yield rule.broken(f"@{decorator}: {url!r} leads to no file", place)
    if decorator == "customer_pages":
        wrong = "icon" in page and (not isinstance(icon, str) or not icon.startswith(PREFIX))
        if wrong:
            yield WRONG_ICON.broken(f"@{decorator}: the icon is {icon!r}", place)
            return
        missing = WRONG_ICON
    else:
        missing = MISSING_ICON
    if isinstance(icon, str) and static_file(cls, icon) is None:
        rule = NOT_BUILT if project.builds_pages and icon.startswith(PREFIX) else missing
        yield rule.broken(f"@{decorator}: the icon {icon!r} leads to no file", place)
