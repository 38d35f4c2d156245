"""Import path of existing tools: items and results of validators."""

from connect_eaas.validation.legacy import ValidationItem, ValidationResult

__all__ = ["ValidationItem", "ValidationResult"]
