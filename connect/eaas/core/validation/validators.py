"""Import path of existing tools: the validators in their order."""

from connect_eaas.validation.legacy import get_validators

__all__ = ["get_validators"]
