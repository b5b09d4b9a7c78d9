"""A stand-in for the Loop API: for development, demonstrations and tests.

Sample infrastructure, apart from the product: standard library only, imports nothing of the portal, and
the portal reaches it only by the URLs of its environments. ``python -m loop_standin --help`` says how to
start it.
"""
