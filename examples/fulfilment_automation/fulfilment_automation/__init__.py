"""Fulfilment of the orders of a workspace product."""
