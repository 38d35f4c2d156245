"""Tables, migrations and the open database. Only ``services`` and the composition root come here."""

from connect_devops.storage.store import Store, StoreError, Transaction, open_store

__all__ = ["Store", "StoreError", "Transaction", "open_store"]
