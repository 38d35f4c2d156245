"""Import path of existing extensions: the web test client."""

from connect_eaas.testing.web import WebAppTestClient

__all__ = ["WebAppTestClient"]
