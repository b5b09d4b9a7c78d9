"""What an order is found by: one text of everything that somebody may type, in lower case, with an index of trigrams.

PostgreSQL keeps a GIN index over it, SQLite a full-text table beside it (docs/adr/0040-one-search-text.md).
``actions.searching`` writes it; ``says`` looks it up.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from django.db.models import Exists, F, Lookup, OuterRef, Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from accounts.models.order import Order

SHORTEST = 3
"""Letters of a word that an index of trigrams can look up."""

MOST = 5_000
"""Orders that one search gives at most, the newest of those that say it."""

TABLE = "accounts_searchtext"
FULL_TEXT = "accounts_search"
"""SQLite's full-text table over the texts, kept by triggers."""


class SearchText(models.Model):
    """The words of one order: reference, organisation, its number, people and addresses, client ids."""

    id = models.BigAutoField(primary_key=True)
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="search_text")
    text = models.TextField()


def says(text: str, *, among_few: bool = False) -> Q:
    """The condition that an order's search text contains every word of ``text``, whatever their case and order.

    A text without a word of SHORTEST letters is the beginning of a reference; digits with spaces between them are one
    number (923 609 016). The index gives the newest MOST orders, so that a word that all of them say costs no more
    than others. ``among_few``: other conditions leave few orders already; each is looked at, and none is left out.
    """
    words = text.lower().split()
    if len(words) > 1 and all(word.isdecimal() for word in words):
        words = ["".join(words)]
    if not any(len(word) >= SHORTEST for word in words):
        return Q(reference__startswith=text.strip().upper())
    if not among_few:
        return Q(_Says(F("pk"), words))
    texts = SearchText.objects.filter(order=OuterRef("pk"))
    for word in words:
        texts = texts.filter(GreaterThan(StrIndex(F("text"), Value(word)), 0))
    return Q(Exists(texts))


class _Says(Lookup):
    """The id is that of one of the newest MOST orders whose text contains all of the words, found by the index.

    One statement reads the index and stops when it has enough: it gives its rows in the order of their numbers.
    """

    lookup_name = "says"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        conditions = " AND ".join(["text LIKE %s"] * len(self.rhs))
        found = f"SELECT order_id FROM {TABLE} WHERE {conditions} ORDER BY id DESC LIMIT {MOST}"  # noqa: S608 - names of tables  # nosec B608
        return f"{column} IN ({found})", (*parameters, *map(_like, self.rhs))

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        long = [word for word in self.rhs if len(word) >= SHORTEST]
        conditions = " AND ".join(["s.text GLOB %s"] * len(long) + ["instr(t.text, %s) > 0"] * len(self.rhs))
        found = (
            f"SELECT t.order_id FROM {FULL_TEXT} s CROSS JOIN {TABLE} t ON t.id = s.rowid "  # noqa: S608 - names of tables  # nosec B608
            f"WHERE {conditions} ORDER BY s.rowid DESC LIMIT {MOST}"
        )
        return f"{column} IN ({found})", (*parameters, *map(_glob, long), *self.rhs)


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _glob(word: str) -> str:
    """The pattern that the index looks up for ``word``; the exact look comes after it.

    Its longest piece between dots and @ is enough, where that is a word for the index: reading what half of all texts
    say (".example", "post@") costs most. Any letter stands for what GLOB would read as a pattern.
    """
    longest = max(re.split("[.@]", word), key=len)
    piece = longest if len(longest) >= SHORTEST else word
    return "*" + "".join("?" if letter in "*?[]" else letter for letter in piece) + "*"
