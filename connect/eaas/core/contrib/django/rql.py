"""Import path of existing extensions: ``connect_eaas.contrib.django.rql``."""

from connect_eaas.contrib.django.rql import RQLFilteredQuerySet, RQLLimitOffsetPaginator

__all__ = ["RQLFilteredQuerySet", "RQLLimitOffsetPaginator"]
