"""Import path of existing extensions: ``connect_eaas.egress``."""

from connect_eaas.egress import EgressProxyClient

__all__ = ["EgressProxyClient"]
