"""Tests of the fulfilment."""
