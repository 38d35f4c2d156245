"""Tidy up what the answers left empty, and keep the credentials to the owner of the project."""

import shutil
from pathlib import Path

EMPTY_ON_PURPOSE = {"__init__.py", ".gitkeep", "py.typed"}
TYPE = {{ '%r' | format(cookiecutter.extension_type | string) }}
PACKAGE = {{ '%r' | format(cookiecutter.package_name | string) }}
APPLICATIONS = {{ '%r' | format(cookiecutter.application_types) }}
WITH_PAGES = (
    TYPE in ("multiaccount", "transformations")
    and "webapp" in str(APPLICATIONS)
    and {{ '%r' | format(cookiecutter.webapp_supports_ui == 'y') }}
)
CHART_AND_SETTINGS = WITH_PAGES and TYPE == "multiaccount"
DIALOGS = WITH_PAGES and TYPE == "transformations"
# Files that are copied as they are, so that they cannot render to nothing, and whether the project needs them.
NEEDED = {
    "ui": WITH_PAGES,
    "package-lock.json": WITH_PAGES,
    f"{PACKAGE}/static/assets": WITH_PAGES,
    f"{PACKAGE}/static/third-party.txt": WITH_PAGES,
    f"{PACKAGE}/static/.gitkeep": not WITH_PAGES,
}
for page in ("index", "settings"):
    NEEDED[f"ui/{page}.html"] = CHART_AND_SETTINGS
    NEEDED[f"ui/tests/{page}.test.js"] = CHART_AND_SETTINGS
    NEEDED[f"{PACKAGE}/static/{page}.html"] = CHART_AND_SETTINGS
for script in ("index.js", "settings.js", "marketplaces.js"):
    NEEDED[f"ui/src/{script}"] = CHART_AND_SETTINGS
    NEEDED[f"{PACKAGE}/static/assets/{script}"] = CHART_AND_SETTINGS
for folder in ("ui", "ui/src", "ui/tests", f"{PACKAGE}/static", f"{PACKAGE}/static/assets"):
    NEEDED[f"{folder}/transformations"] = DIALOGS
NEEDED[f"{PACKAGE}/static/assets/dialog.js"] = DIALOGS

root = Path.cwd()
for name, needed in NEEDED.items():
    path = root / name
    if needed or not path.exists():
        continue
    shutil.rmtree(path) if path.is_dir() else path.unlink()
# A template file renders to nothing when the answers do not need it.
for path in sorted(root.rglob("*"), reverse=True):
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
    elif path.is_file() and path.name not in EMPTY_ON_PURPOSE and not path.read_bytes().strip():
        path.unlink()
for path in root.glob(".*_dev.env"):
    path.chmod(0o600)
