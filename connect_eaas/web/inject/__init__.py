"""What endpoints can ask for with ``Depends``: context, configuration, logger, API clients, the installation.

All values come from headers that the runner adds to each forwarded call; callers cannot send them
(``reference/sdk-api.md`` section 5).
"""
