"""Import path of existing extensions: ``connect_eaas.constants``."""

from connect_eaas.constants import *  # noqa: F403
