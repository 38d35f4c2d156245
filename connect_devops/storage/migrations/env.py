"""Run by alembic: migrations happen on the connection that ``connect_devops.storage.migration`` gives."""

from alembic import context

import connect_devops.storage.objects  # noqa: F401 - adds its table to the metadata
from connect_devops.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
