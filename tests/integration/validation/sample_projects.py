"""A project with all kinds of applications and nothing to complain about, and one change for each rule."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import dedent

CLEAN: Mapping[str, str] = {
    path: dedent(text).lstrip("\n")
    for path, text in {
        "pyproject.toml": """
            [project]
            name = "sample"
            version = "1.0.0"
            license = "MIT"
            dependencies = ["connect-extension-sdk>=0.1"]

            [project.entry-points."connect.eaas.ext"]
            eventsapp = "sample_pkg.events:Events"
            webapp = "sample_pkg.web:Web"
            anvilapp = "sample_pkg.anvil:Anvil"
            tfnapp = "sample_pkg.tfn:Transformations"
        """,
        "docker-compose.yml": """
            services:
              sample_dev:
                build:
                  context: .
                  target: dev
                command: cextrun -d
              database:
                image: postgres:17
        """,
        "Dockerfile": """
            ARG PYTHON=3.12
            FROM python:${PYTHON}-slim AS dev
            RUN pip install .
            FROM dev AS runtime
        """,
        "sample_pkg/__init__.py": "",
        "sample_pkg/extension.json": """
            {
              "name": "Sample",
              "description": "A sample.",
              "version": "1.0.0",
              "audience": ["vendor"],
              "readme_url": "https://example.com/README.md",
              "changelog_url": "https://example.com/CHANGELOG.md"
            }
        """,
        "sample_pkg/static/index.html": "<p>page</p>",
        "sample_pkg/static/icon.svg": "<svg/>",
        "sample_pkg/events.py": """
            from connect_eaas import (
                BackgroundResponse, EventsApplicationBase, InteractiveResponse, ScheduledExecutionResponse,
                event, schedulable, variables,
            )


            @variables([{"name": "X", "initial_value": "1"}, {"name": "TOKEN", "initial_value": "?", "secure": True}])
            class Events(EventsApplicationBase):
                @event("asset_purchase_request_processing", statuses=["pending"])
                def purchase(self, request):
                    if not request:
                        return BackgroundResponse.reschedule(countdown=30)
                    return BackgroundResponse.skip()

                @event("product_action_execution")
                def action(self, request):
                    return self.redirect()

                def redirect(self):
                    return InteractiveResponse.done(http_status=302, headers={"Location": "https://example.com"})

                @schedulable("Nightly", "Runs at night.")
                def nightly(self, schedule):
                    return ScheduledExecutionResponse.done()

                @classmethod
                def on_startup(cls, logger, config):
                    pass
        """,
        "sample_pkg/web.py": """
            from connect.eaas.core.decorators import (
                account_settings_page, admin_pages, customer_pages, module_pages, proxied_connect_api, router, web_app,
            )
            from connect.eaas.core.extension import WebApplicationBase

            PAGE = "/static/index.html"


            @web_app(router)
            @account_settings_page("Settings", "/static/index.html", icon="/static/icon.svg")
            @module_pages("Module", PAGE, children=[{"label": "Tab", "url": PAGE}])
            @admin_pages([{"label": "Admin", "url": PAGE}])
            @customer_pages([{"label": "Home", "url": PAGE, "icon": "/static/icon.svg"}])
            @proxied_connect_api({"/public/v1/products": "view", "/files/x": "edit"})
            class Web(WebApplicationBase):
                @router.get("/sample")
                def sample(self) -> dict:
                    return {}

                @classmethod
                def get_exception_handlers(cls, exception_handlers):
                    return {**exception_handlers, LookupError: print}

                @classmethod
                def get_middlewares(cls):
                    return [print, (dict, {})]
        """,
        "sample_pkg/anvil.py": """
            from connect_eaas import AnvilApplicationBase, anvil_callable, anvil_key_variable


            @anvil_key_variable("ANVIL_API_KEY")
            class Anvil(AnvilApplicationBase):
                @anvil_callable()
                def hello(self, name):
                    return name
        """,
        "sample_pkg/tfn.py": """
            from connect_eaas import RowTransformationResponse, TransformationsApplicationBase, transformation
            from connect_eaas.decorators import manual_transformation


            class Transformations(TransformationsApplicationBase):
                @transformation("Copy", "Copies rows.", "/static/index.html")
                def copy(self, row, row_styles):
                    return RowTransformationResponse.done(row)

                @manual_transformation()
                @transformation("By hand", "Somebody does it.", "/static/index.html")
                def by_hand(self, row):
                    return RowTransformationResponse.skip()
        """,
    }.items()
}


@contextmanager
def forgotten() -> Iterator[None]:
    """Undo afterwards what importing the sample left in the interpreter."""
    path, written = [*sys.path], sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
        for name in [name for name in sys.modules if name.partition(".")[0] == "sample_pkg"]:
            del sys.modules[name]


@dataclass(frozen=True)
class Break:
    """``rule`` is broken when ``old`` in ``file`` becomes ``new``; ``old`` None replaces or makes the file, ``new``
    None removes it. ``at`` is a piece of the line where it has to be found; ``others`` are broken by it too; ``also``
    are more files."""

    rule: str
    file: str
    old: str | None
    new: str | None
    at: str | None = None
    others: tuple[str, ...] = ()
    also: Mapping[str, str] = field(default_factory=dict)


def _without(key: str) -> str:
    content = json.loads(CLEAN["sample_pkg/extension.json"])
    del content[key]
    return json.dumps(content, indent=2)


_P, _J, _C, _D = "pyproject.toml", "sample_pkg/extension.json", "docker-compose.yml", "Dockerfile"
_E, _W, _A, _T = "sample_pkg/events.py", "sample_pkg/web.py", "sample_pkg/anvil.py", "sample_pkg/tfn.py"
_BUILD = {"package.json": '{"scripts": {"build": "webpack"}}'}
_SECOND = '    @event("product_action_execution")\n    def second(self, request): ...\n\n    def redirect'
_EMPTY = "import connect_eaas\nclass {0}(connect_eaas.{0}ApplicationBase): ...\n"
_SKIP = "BackgroundResponse.skip()"
_ROUTE = '@router.get("/sample")\n    '
_GROUP = CLEAN[_P][CLEAN[_P].index("eventsapp") :]

BREAKS: tuple[Break, ...] = (
    Break("PYP001", _P, None, None),
    Break("PYP002", _P, "[project]", "[project", "[project"),
    Break("PYP003", _P, "connect-extension-sdk>=0.1", "connect-extension-runner", "runner"),
    Break("PYP004", _P, '"connect-extension-sdk>=0.1"', "", "dependencies"),
    Break("PYP005", _P, None, "", others=("PYP004",)),
    Break("PYP005", _P, "connect.eaas.ext", "another.group"),
    Break("PYP005", _P, 'entry-points."connect.eaas.ext"]', 'entry-points]\n"connect.eaas.ext" = 5\nother = {}\n[x]'),
    Break("PYP006", _E, "@variables", "1/0\n@variables", "1/0"),
    Break("PYP006", _E, "@variables", "raise SystemExit\n@variables", "raise"),
    Break("PYP006", _E, "@variables", "class Stop(BaseException): pass\nraise Stop\n@variables", "raise"),
    Break("PYP006", _E, "@variables", "import nothing_like_this\n@variables", "nothing"),
    Break("PYP006", _E, "def purchase", "def purchase(:", "def purchase(:"),
    Break("PYP006", _P, "sample_pkg.anvil", "sample_pkg.nowhere", "anvilapp"),
    Break("PYP007", _P, "eventsapp =", "extension =", "extension ="),
    Break("PYP008", _P, _GROUP, 'events = "sample_pkg.events:Events"\n', "connect.eaas.ext", ("PYP011",)),
    Break("PYP009", _P, ":Anvil", ":Nobody", "Nobody"),
    Break("PYP009", _P, ":Anvil", ":anvil_callable", "anvil_callable"),
    Break("PYP010", _P, "sample_pkg.anvil:Anvil", "sample_pkg.anvil", "anvilapp"),
    Break("PYP010", _P, '"sample_pkg.anvil:Anvil"', "5", "anvilapp"),
    Break("PYP011", _P, "anvilapp", "anvil", 'anvil ='),
    Break("PYP012", _P, "sample_pkg.anvil:Anvil", "connect_eaas:AnvilApplicationBase", "anvilapp",
          ("ANV003", "ANV004", "EXT001")),
    Break("PYP013", _P, "anvilapp", 'extension = "sample_pkg.tfn:Other"\nanvilapp', "extension", ("PYP007",)),
    Break("PYP014", _P, "connect-extension-sdk>=0.1", "connect_eaas_core>=37", "core"),
    Break("PYP015", _P, "[project]\nname", '[tool.connect]\npydantic1 = "yes"\n[project]\nname', "pydantic1"),
    Break("LIC001", _P, '"MIT"', '"GPL-3.0-only"', "license"),
    Break("LIC001", _P, 'license = "MIT"', 'license = {text = "Proprietary"}', "license"),
    Break("LIC001", _P, 'license = "MIT"', 'classifiers = ["License :: Other/Proprietary License"]', "License"),
    Break("LIC002", _P, 'license = "MIT"', ""),
    Break("EXT001", _J, None, None),
    Break("EXT002", _J, '["vendor"]', '["vendors"]', "audience"),
    Break("EXT002", _J, None, _without("audience")),
    Break("EXT003", _J, '"1.0.0",', '"1.0.0"', "audience"),
    Break("EXT003", _J, None, "[]", "[]"),
    Break("EXT003", _J, None, '{"name": 1,\n "name": 2}', '"name": 2'),
    Break("EXT004", _J, None, _without("readme_url")),
    Break("EXT004", _J, "https://example.com/CH", "ftp://example.com/CH", "changelog_url"),
    Break("EXT005", _J, '"1.0.0"', "1.0", "version"),
    Break("EXT006", _J, '"version"', '"shedulables": [], "version"', "shedulables"),
    Break("DOC001", _C, None, None),
    Break("DOC002", _C, None, "services: [", "services"),
    Break("DOC002", _C, None, "- a list"),
    Break("DOC002", _C, "database:\n    image: postgres:17", "database:", "database:"),
    Break("DOC003", _C, "postgres:17", "docker.io/cloudblueconnect/connect-extension-runner:43.1", "database"),
    Break("DOC004", _D, None, None, None),
    Break("DOC004", _C, "context: .", "context: ./elsewhere", "sample_dev"),
    Break("DOC005", _D, None, "RUN true\n"),
    Break("DOC006", _D, "FROM python:${PYTHON}-slim", "FROM cloudblueconnect/Connect-Extension-Runner:$PYTHON", "ner"),
    Break("DOC006", _D, "=3.12\nFROM python:${PYTHON}-slim",
          "=cloudblueconnect/connect-extension-runner\nFROM $PYTHON"),
    Break("DOC007", _C, "image: postgres:17", "command: run", "database"),
    Break("DOC008", _C, "target: dev", "target: test", "sample_dev"),
    Break("APP001", _E, "@classmethod\n    def on_startup(cls", "def on_startup(self", "on_startup"),
    Break("APP003", _W, "return [print", "1/0\n        return [print", "1/0"),
    Break("EVT001", _E, "class Events(EventsApplicationBase)",
          'class Events(__import__("connect_eaas.applications").applications.Extension)', "class Events"),
    Break("EVT002", _E, "class Events(EventsApplicationBase)", "class Events", "class Events"),
    Break("EVT003", _E, "BackgroundResponse, Ev", "ProcessingResponse, BackgroundResponse, Ev", "ProcessingResponse"),
    Break("EVT004", _J, '"version"', '"schedulables": [{"method": "nightly"}], "version"', "schedulables"),
    Break("EVT005", _E, '"product_action_execution"', '"product_action"', "product_action"),
    Break("EVT005", _E, '"product_action_execution"', '"scheduled_execution"', "scheduled_execution"),
    Break("EVT006", _E, ', statuses=["pending"]', "", "asset_purchase"),
    Break("EVT007", _E, '"pending"', '"pnding"', "pnding"),
    Break("EVT007", _E, '["pending"]', '"pending"', "pending"),
    Break("EVT007", _E, '_execution"', '_execution", ["done"]', "_execution"),
    Break("EVT008", _E, "def purchase(self, request)", "def purchase(self)", "asset_purchase"),
    Break("EVT008", _E, "def purchase(self, request)", "def purchase(self, request, more)", "asset_purchase"),
    Break("EVT008", _E, "    @event(\"asset", "    @staticmethod\n    @event(\"asset", "staticmethod"),
    Break("EVT008", _E, "    def purchase(self, ", "    @classmethod\n    def purchase(cls, ", "asset_purchase"),
    Break("EVT008", _E, f"return {_SKIP}", f"yield {_SKIP}", "asset_purchase"),
    Break("EVT009", _E, "def nightly(self, schedule)", "def nightly(self)", "schedulable"),
    Break("EVT009", _J, '"version"', '"schedulables": [{"method": "no"}], "version"', "schedulables", ("EVT004",)),
    Break("EVT010", _E, "    def redirect", _SECOND, "product_action_execution"),
    Break("EVT011", _J, '"version"', '"capabilities": {"product_custom_event_processing": []}, "version"',
          "capabilities", ("EVT004",)),
    Break("EVT012", _E, "    def redirect", '    @event("product_changed", statuses=["published"])\n'
          "    def changed(self, request): ...\n\n    def redirect", "class Events"),
    Break("EVT013", _E, None, _EMPTY.format("Events"), "class"),
    Break("ANV001", _A, "(AnvilApplicationBase)", "", "class Anvil"),
    Break("ANV002", _A, '"ANVIL_API_KEY"', '"ANVIL KEY"', "ANVIL KEY", ("VAR003",)),
    Break("ANV003", _A, "@anvil_callable()\n    ", "", "class Anvil"),
    Break("ANV004", _A, '@anvil_key_variable("ANVIL_API_KEY")\n', "", "class Anvil"),
    Break("ANV005", _A, "def hello", "async def hello", "anvil_callable"),
    Break("WEB001", _W, "(WebApplicationBase)", "", "class Web"),
    Break("WEB002", _W, "@web_app(router)\n", "", "class Web"),
    Break("WEB003", _W, "return {**exception_handlers, LookupError: print}", "return []", "classmethod"),
    Break("WEB004", _W, "LookupError: print", "'LookupError': print", "classmethod"),
    Break("WEB005", _W, "handlers(cls, exception_handlers)", "handlers(cls, *, exception_handlers)", "classmethod"),
    Break("WEB006", _W, "return [print, (dict, {})]", "return {}", "classmethod"),
    Break("WEB007", _W, "def get_middlewares(cls)", "def get_middlewares(cls, more)", "classmethod"),
    Break("WEB008", _W, _ROUTE, "", "class Web"),
    Break("WEB009", _W, '"Settings"', '""', "account_settings_page"),
    Break("WEB010", _W, '"Settings", "/static/index.html"', '"Settings", ""', "account_settings_page"),
    Break("WEB011", _W, '"Settings", "/static/index.html"', '"Settings", "/index.html"', "account_settings_page"),
    Break("WEB012", _W, '"Settings", "/static/index.html"', '"Settings", "/static/../events.py"', "account_settings"),
    Break("WEB013", _W, '[{"label": "Tab", "url": PAGE}]', '"Tab"', "module_pages"),
    Break("WEB014", _W, '"label": "Admin", ', "", "admin_pages"),
    Break("WEB015", _W, '[{"label": "Admin", "url": PAGE}]', '{"label": "Admin"}', "admin_pages"),
    Break("WEB016", _W, '"icon": "/static/icon.svg"', '"icon": "icon.svg"', "customer_pages"),
    Break("WEB017", _W, '{"/public/v1/products": "view", "/files/x": "edit"}', "5", "proxied"),
    Break("WEB018", _W, '{"/public/v1/products": "view", "/files/x": "edit"}', '["/public/x"] * 101', "proxied"),
    Break("WEB019", _W, '"/files/x"', '"/private/x"', "/private/x"),
    Break("WEB020", _W, '"edit"', '"delete"', "/files/x"),
    Break("WEB021", _W, "return [print, ", "return [5, ", "classmethod"),
    Break("WEB022", _W, '"Tab", "url": PAGE', '"Tab", "url": "/static/tab.html"', "module_pages", also=_BUILD),
    Break("WEB022", _W, 'icon="/static/icon.svg"', 'icon="/static/none.svg"', "account_settings", also=_BUILD),
    Break("WEB022", _T, '"Copies rows.", "/static/index', '"Copies rows.", "/static/none', "transformation",
          also=_BUILD),
    Break("WEB023", _W, 'icon="/static/icon.svg"', 'icon="/static/none.svg"', "account_settings"),
    Break("TFN001", _T, "(TransformationsApplicationBase)", "", "class Trans"),
    Break("TFN002", _T, '"Copy"', '" "', "transformation"),
    Break("TFN003", _T, '"Copies rows."', "None", "transformation"),
    Break("TFN004", _T, '"Copies rows.", "/static', '"Copies rows.", "static', "transformation"),
    Break("TFN005", _T, '"Copies rows.", "/static/index', '"Copies rows.", "/static/none', "transformation"),
    Break("TFN006", _T, '@transformation("By hand", "Somebody does it.", "/static/index.html")\n    ', "", "manual"),
    Break("TFN007", _T, "def copy(self, row, row_styles)", "def copy(self, row, styles)", "transformation"),
    Break("TFN008", _P, 'webapp = "sample_pkg.web:Web"\n', "", "tfnapp"),
    Break("TFN009", _T, None, _EMPTY.format("Transformations")),
    Break("VAR001", _E, '{"name": "X", "initial_value": "1"}', '{"initial_value": "1"}', "variables"),
    Break("VAR001", _J, '"version"', '"variables": [5], "version"', "variables", ("EVT004",)),
    Break("VAR002", _E, '{"name": "X", "initial_value": "1"}', '{"name": "X"}, {"name": "X"}', '"X"'),
    Break("VAR003", _E, '"X"', '"A-b c"', "A-b c"),
    Break("VAR003", _E, '"X"', '"_X"', "_X"),
    Break("VAR004", _E, '"initial_value": "1"', '"initial_value": 1', '"X"'),
    Break("VAR005", _E, '"secure": True', '"secure": "yes"', '"TOKEN"'),
    Break("VAR006", _E, '"X"', '"ANVIL_API_KEY"', '"ANVIL_API_KEY"'),
    Break("VAR007", _E, '"initial_value": "1"', '"value": "1"', '"X"'),
    Break("SRC001", "sample_pkg/never_imported.py", None, "fine = 1\nprint 'old'\n", "print"),
    Break("SRC001", "sample_pkg/never_imported.py", None, "\0"),
    Break("RSP001", _E, _SKIP, "BackgroundResponse.skip", "skip"),
    Break("RSP002", _E, "countdown=30", "countdown=29", "29"),
    Break("RSP002", _E, "reschedule(countdown=30)", "slow_process_reschedule(299)", "299"),
    Break("RSP003", _E, "http_status=302", "http_status=308", "308"),
    Break("RSP003", _E, "http_status=302", "http_status=__import__('http').HTTPStatus.MOVED_PERMANENTLY", "MOVED"),
    Break("RSP004", _E, _SKIP, "InteractiveResponse.done()", "return InteractiveResponse.done()"),
    Break("MIX001", _E, "def purchase", "async def purchase", "async def purchase"),
    Break("MIX002", _E, "\n\n\n@variables",
          "\nfrom connect.client import AsyncConnectClient, ConnectClient\n@variables", "import"),
)  # fmt: skip
