"""Import path of existing extensions: redaction and trace ids."""

from connect_eaas.redaction import obfuscate_header
from connect_eaas.tracing import get_correlation_id

__all__ = ["get_correlation_id", "obfuscate_header"]
