"""What `ccli devops dev` says when new code runs while tasks wait for a later try."""

from __future__ import annotations

from datetime import datetime

from connect_cli_ext.devops.environments import Environment
from connect_cli_ext.devops.rest import PlatformClient
from connect_cli_ext.devops.retry import waiting

__all__ = ["WaitingHint"]


class WaitingHint:
    """Notices that the project's runner has connected anew, and counts the tasks that could be tried with it at once.

    Args:
        client: of the platform.
        place: the project's environment.
    """

    def __init__(self, client: PlatformClient, place: Environment) -> None:
        self._client = client
        self._place = place
        self._looked: datetime | None = None
        """The platform's time of the last look at which a runner was connected, None before that."""

    def text(self) -> str | None:
        """Say how many tasks wait, if there are any and a runner has connected since the last time.

        Raises:
            RemoteError: the platform refused, or went away.
        """
        document = self._client.get(self._place.path)
        opened = [datetime.fromisoformat(one["events"]["created"]["at"]) for one in document.get("instances") or ()]
        if not opened or (self._looked is not None and max(opened) <= self._looked):
            return None
        self._looked = datetime.fromisoformat(self._client.get("/devops/local/clock")["now"])
        number = len(waiting(self._client, self._place))
        if not number:
            return None
        tasks, waits = ("task waits", "its") if number == 1 else ("tasks wait", "their")
        return f"{number} {tasks} for another try; not to await {waits} time: ccli devops retry --all-waiting"
