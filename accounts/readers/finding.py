"""Finding rows by a word that somebody typed."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db.models import Q


def contains(text: str, *columns: str) -> Q:
    """Does one of ``columns`` contain ``text``, whatever its case?

    SQLite folds the case of A-Z only, so that a word with other letters is asked for in each way of writing it.
    """
    ways = {text} if text.isascii() else {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    return reduce(or_, (Q(**{f"{column}__icontains": way}) for column in columns for way in ways))
