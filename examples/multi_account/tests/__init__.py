"""Tests of the order watch."""
