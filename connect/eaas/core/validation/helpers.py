"""Import path of existing tools: the code around a finding."""

from connect_eaas.validation.legacy import get_code_context

__all__ = ["get_code_context"]
