"""Import path of existing extensions: ``connect_eaas.models``."""

from connect_eaas.models import Context, EgressProxy, EgressProxyCertificates

__all__ = ["Context", "EgressProxy", "EgressProxyCertificates"]
