"""How the pages say that somebody may not do something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied

from accounts.lifecycle.errors import NotAllowed
from accounts.words import say


@contextmanager
def not_allowed_is_403() -> Iterator[None]:
    """Turn a NotAllowed inside the block into the page that says why (403)."""
    try:
        yield
    except NotAllowed as refusal:
        raise PermissionDenied(say(refusal.sentence)) from refusal
