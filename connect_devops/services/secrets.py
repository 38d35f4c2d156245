"""Secrets at rest: what the platform must be able to read again, but nobody who copies the database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select

from connect_devops.domain.errors import DevOpsError
from connect_devops.storage.store import Store
from connect_devops.storage.tables import environments

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

__all__ = ["FernetSecrets", "Secrets", "SecretsError", "check_key"]


class SecretsError(DevOpsError):
    """The key file is missing, unreadable or not the one that the data was encrypted with."""


class Secrets(Protocol):
    """Encrypts and decrypts texts."""

    def encrypt(self, text: str) -> str:
        """An unreadable form of ``text``; different each time."""

    def decrypt(self, token: str) -> str:
        """The text again. Raises SecretsError if it was encrypted with another key."""


def check_key(store: Store, secrets: Secrets) -> None:
    """Make sure that the key is the one that the database's secrets were encrypted with.

    Raises:
        SecretsError: it is another one; says what to do.
    """
    with store.reading() as transaction:
        query = select(environments.c.jwt_secret).order_by(environments.c.number).limit(1)
        kept = transaction.connection.execute(query).scalar_one_or_none()
    if kept is None:
        return
    try:
        secrets.decrypt(kept)
    except SecretsError:
        raise SecretsError(
            "secret.key in the data directory is not the key that the secrets in the database were encrypted with. Put "
            "the old file back; platforms that share a database need a copy of the same one."
        ) from None


class FernetSecrets:
    """Encryption with a key kept in a file beside the database, readable by its owner only."""

    def __init__(self, key: bytes) -> None:
        # Loaded here, not at import: the commands that only print help must not pay for it.
        from cryptography.fernet import Fernet

        try:
            self._fernet: Fernet = Fernet(key)
        except ValueError as error:
            raise SecretsError(f"The key is no Fernet key: {error}") from None

    @classmethod
    def in_directory(cls, directory: Path, name: str = "secret.key") -> FernetSecrets:
        """Use the key file in ``directory``; it is made (mode 0600) if there is none.

        Raises:
            SecretsError: the file cannot be read or written, or holds no key.
        """
        from cryptography.fernet import Fernet

        path = directory / name
        try:
            try:
                # Written aside and linked, so that nobody ever reads half a key and two starters agree on one.
                draft = path.with_name(f"{name}.{os.getpid()}")
                if not path.exists():
                    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                    with os.fdopen(handle, "wb") as file:
                        file.write(Fernet.generate_key())
                        file.flush()
                        os.fsync(file.fileno())
                    try:
                        os.link(draft, path)
                    finally:
                        draft.unlink()
            except FileExistsError:
                pass
            return cls(path.read_bytes().strip())
        except OSError as error:
            raise SecretsError(f"Cannot use the key file {path}: {error.strerror}.") from error
        except SecretsError as error:
            raise SecretsError(f"{path}: {error}") from None

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretsError("A secret was encrypted with another key: put the old key file back.") from None
