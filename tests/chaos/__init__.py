"""Thousands of due accounts, real processes, and somebody who pulls plugs: nothing is lost, nobody is wronged.

A short one is part of ``make test``; ``make chaos`` (``python -m tests.chaos``) runs the whole one.
"""
