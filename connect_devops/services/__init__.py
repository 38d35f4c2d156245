"""Use cases of the platform: plain synchronous code, thread-safe; one method, one transaction.

Import the container and the values from the modules that name them: ``container``, ``accounts``, ``extensions``,
``environments``, ``variables``, ``installations``, ``queue``, ``leases``, ``events``, ``schedules``, ``signals``,
``timekeeper``, ``interactive``.
"""

from connect_devops.services.container import Services, build_services
from connect_devops.services.secrets import FernetSecrets, Secrets, SecretsError

__all__ = ["FernetSecrets", "Secrets", "SecretsError", "Services", "build_services"]
