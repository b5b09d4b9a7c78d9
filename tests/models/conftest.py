"""Fixtures of the tests of the data."""

from tests.models.refusing import one

__all__ = ["one"]
