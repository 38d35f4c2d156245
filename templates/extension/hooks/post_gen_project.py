"""Tidy up what the answers left empty, and keep the credentials to the owner of the project."""

from pathlib import Path

EMPTY_ON_PURPOSE = {"__init__.py", ".gitkeep", "py.typed"}

root = Path.cwd()
# A template file renders to nothing when the answers do not need it.
for path in sorted(root.rglob("*"), reverse=True):
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
    elif path.is_file() and path.name not in EMPTY_ON_PURPOSE and not path.read_bytes().strip():
        path.unlink()
for path in root.glob(".*_dev.env"):
    path.chmod(0o600)
