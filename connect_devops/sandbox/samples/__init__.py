"""Believable objects of our own making, and the import of real ones."""

from connect_devops.sandbox.samples.catalogue import ensure_product
from connect_devops.sandbox.samples.create import EVENTS, Sample, create_sample

__all__ = ["EVENTS", "Sample", "create_sample", "ensure_product"]
