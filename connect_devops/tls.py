"""A certificate authority and a certificate of our own, so that https works on loopback.

Runners and deployment tools build ``https://`` addresses only (``reference/devops-api.md`` section 1). They trust the
platform through ``ca.pem`` (``REQUESTS_CA_BUNDLE``, ``SSL_CERT_FILE``).
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from connect_devops.errors import DataDirError
from connect_devops.files import make_private_dir, write_private
from connect_devops.settings import LOOPBACK_NAMES

__all__ = ["Certificates", "ensure_certificates"]

_LIFETIME: Final = timedelta(days=3650)
_RENEW_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True)
class Certificates:
    """Where the files are: ``ca_file`` for clients; ``chain_file`` (key and certificate) for the server, mode 0600."""

    ca_file: Path
    chain_file: Path


def ensure_certificates(directory: Path, now: datetime, *, names: tuple[str, ...] = ()) -> Certificates:
    """Return the certificates of a data directory; make them where they are missing, stale or lack a name.

    The authority's key is never stored: nobody who reads the directory can issue further certificates that a client
    with our ``ca.pem`` would trust.

    Args:
        directory: where the files live.
        now: real time; certificates are read by other programs, so a moved platform clock does not count.
        names: host names and addresses besides those of loopback.

    Raises:
        DataDirError: a file cannot be written.
    """
    files = Certificates(directory / "ca.pem", directory / "server.pem")
    facts_file = directory / "certificates.json"
    wanted = sorted({*LOOPBACK_NAMES, *(name for name in names if name and not _is_wildcard(name))})
    if not _is_usable(files, facts_file, wanted, now):
        try:
            _issue(files, facts_file, wanted, now)
        except OSError as error:
            raise DataDirError(directory, f"cannot write certificates: {error.strerror or error}") from error
    return files


def _is_wildcard(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return name == "*"


def _is_usable(files: Certificates, facts_file: Path, wanted: list[str], now: datetime) -> bool:
    try:
        facts = json.loads(facts_file.read_text())
        until = datetime.fromisoformat(facts["until"])
        known = set(facts["names"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    complete = files.ca_file.is_file() and files.chain_file.is_file()
    return complete and known.issuperset(wanted) and now < until - _RENEW_BEFORE


def _issue(files: Certificates, facts_file: Path, names: list[str], now: datetime) -> None:
    import trustme  # late: it builds on a large library, and most starts find certificates

    until = now + _LIFETIME
    authority = trustme.CA(organization_name="Connect DevOps local platform")
    leaf = authority.issue_cert(*names, common_name="localhost", not_before=now - timedelta(days=1), not_after=until)
    chain = leaf.private_key_and_cert_chain_pem.bytes()
    make_private_dir(files.ca_file.parent)
    # The facts go first away and last in: a half-written set is made anew.
    facts_file.unlink(missing_ok=True)
    write_private(files.chain_file, chain)
    write_private(files.ca_file, authority.cert_pem.bytes())
    write_private(facts_file, json.dumps({"until": until.isoformat(), "names": names}))
