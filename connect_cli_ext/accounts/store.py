"""The accounts file, ``config.json`` in the configuration folder.

The format is the public tool's (reference/cli.md, section 3), so both can use one folder: ``active`` is the id of the
active account or an empty text, ``accounts`` a list of objects with ``api_key``, ``endpoint``, ``id`` and ``name``.
That tool refuses accounts with other keys, therefore certificate authorities are kept beside, in ``ca-files.json``.
Keys that we do not know are left as they are. Unlike there, the files are readable by their owner only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connect_cli_ext.errors import CommandError, FileError, reason
from connect_cli_ext.files import write_private

__all__ = ["DEFAULT_ENDPOINT", "Account", "AccountStore", "UnknownAccountError"]

DEFAULT_ENDPOINT = "https://api.connect.cloudblue.com/public/v1"

_FIELDS = ("api_key", "endpoint", "id", "name")


class UnknownAccountError(CommandError):
    """No account of this id is stored."""

    def __init__(self, account_id: str, known: tuple[str, ...]) -> None:
        listed = f"Stored: {', '.join(known)}." if known else "None is stored: run 'ccli account add'."
        super().__init__(f"there is no account '{account_id}'. {listed}")
        self.account_id = account_id


@dataclass(frozen=True)
class Account:
    """One account of the platform with the key that opens it."""

    id: str
    name: str
    endpoint: str
    api_key: str = field(repr=False)
    ca_file: str | None = None
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def vendor(self) -> bool:
        """Whether the id is a vendor's."""
        return self.id.startswith("VA-")

    @property
    def provider(self) -> bool:
        """Whether the id is a provider's (a distributor or reseller)."""
        return self.id.startswith("PA-")


class AccountStore:
    """The accounts of one configuration folder. Every change is written at once.

    Args:
        config_dir: the folder; it is made when something is stored.

    Raises:
        FileError: the file is there but is not what it should be.
    """

    def __init__(self, config_dir: Path) -> None:
        self.path = config_dir / "config.json"
        self._ca_path = config_dir / "ca-files.json"
        document = _read(self.path)
        self._ca_files = {key: value for key, value in _read(self._ca_path).items() if isinstance(value, str)}
        entries = document.pop("accounts", [])
        active = document.pop("active", "")
        self._rest = document
        if not isinstance(entries, list):
            raise FileError(self.path, "'accounts' must be a list; correct the file or move it away")
        self._accounts = {account.id: account for account in map(self._account, range(len(entries)), entries)}
        self.active_id: str = active if isinstance(active, str) and active in self._accounts else ""

    def _account(self, index: int, entry: Any) -> Account:
        if not isinstance(entry, dict):
            raise FileError(self.path, f"accounts[{index}] must be an object; correct the file or move it away")
        for name in _FIELDS:
            if not isinstance(entry.get(name), str) or not entry[name]:
                raise FileError(self.path, f"accounts[{index}].{name} must be a text; correct the file or move it away")
        return Account(
            id=entry["id"],
            name=entry["name"],
            endpoint=entry["endpoint"],
            api_key=entry["api_key"],
            ca_file=self._ca_files.get(entry["id"]),
            extra={key: value for key, value in entry.items() if key not in _FIELDS},
        )

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, in the order in which they were added."""
        return tuple(self._accounts.values())

    @property
    def active(self) -> Account | None:
        """The active account, if there is one."""
        return self._accounts.get(self.active_id)

    def add(self, account: Account) -> bool:
        """Store ``account``; the first one becomes active. Return whether it replaced one of the same id."""
        replaced = account.id in self._accounts
        self._accounts[account.id] = account
        self.active_id = self.active_id or account.id
        if account.ca_file is None:
            self._ca_files.pop(account.id, None)
        else:
            self._ca_files[account.id] = account.ca_file
        self._write()
        return replaced

    def activate(self, account_id: str) -> Account:
        """Make an account the active one.

        Raises:
            UnknownAccountError: it is not stored.
        """
        account = self._get(account_id)
        self.active_id = account.id
        self._write()
        return account

    def remove(self, account_id: str) -> Account:
        """Forget an account. If it was active the first of the others becomes active.

        Raises:
            UnknownAccountError: it is not stored.
        """
        account = self._get(account_id)
        del self._accounts[account.id]
        self._ca_files.pop(account.id, None)
        if self.active_id == account.id:
            self.active_id = next(iter(self._accounts), "")
        self._write()
        return account

    def _get(self, account_id: str) -> Account:
        try:
            return self._accounts[account_id]
        except KeyError:
            raise UnknownAccountError(account_id, tuple(self._accounts)) from None

    def _write(self) -> None:
        entries = [
            {**account.extra, "api_key": account.api_key, "endpoint": account.endpoint, "id": account.id}
            | {"name": account.name}
            for account in self._accounts.values()
        ]
        document = {**self._rest, "active": self.active_id, "accounts": entries}
        if self._ca_files or self._ca_path.exists():
            write_private(self._ca_path, json.dumps(self._ca_files, indent=4, sort_keys=True) + "\n")
        write_private(self.path, json.dumps(document, indent=4, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise FileError(path, f"cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"is no JSON ({error}); correct the file or move it away") from error
    if not isinstance(document, dict):
        raise FileError(path, "must hold a JSON object; correct the file or move it away")
    return document
