"""What an order is found by: one text of everything that somebody may type, in lower case, with an index of trigrams.

PostgreSQL keeps a GIN index over it, SQLite a full-text table beside it (docs/adr/0040-one-search-text.md).
``actions.searching`` writes it; ``says`` looks it up.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Lookup, Q

from accounts.models.order import Order

SHORTEST = 3
"""Letters of a word that an index of trigrams can look up."""

FULL_TEXT = "accounts_search"
"""SQLite's full-text table over the texts, kept by triggers."""


class SearchText(models.Model):
    """The words of one order: reference, organisation, its number, people and addresses, client ids."""

    id = models.BigAutoField(primary_key=True)
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="search_text")
    text = models.TextField()


def says(text: str) -> Q:
    """The condition that an order's search text contains every word of ``text``, whatever their case and order.

    Words shorter than SHORTEST narrow what the longer ones find. A text without a long word is the beginning of a
    reference. Digits with spaces between them are one number (923 609 016).
    """
    words = text.lower().split()
    if len(words) > 1 and all(word.isdecimal() for word in words):
        words = ["".join(words)]
    if not any(len(word) >= SHORTEST for word in words):
        return Q(reference__startswith=text.strip().upper())
    found = SearchText.objects.all()
    for word in words:
        found = found.filter(_Contains(F("text"), word))
    return Q(pk__in=found.values("order"))


class _Contains(Lookup):
    """``text`` contains the word, found by the index of trigrams where the word is long enough for one."""

    lookup_name = "contains_word"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        escaped = self.rhs.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{column} LIKE %s", (*parameters, f"%{escaped}%")

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        sql, values = f"instr({column}, %s) > 0", (*parameters, self.rhs)
        if len(self.rhs) < SHORTEST:
            return sql, values
        table = column.rpartition(".")[0]
        by_index = f"{table}.id IN (SELECT rowid FROM {FULL_TEXT} WHERE text GLOB %s)"  # noqa: S608 - names of tables  # nosec B608
        return f"({by_index} AND {sql})", (f"*{_one_each(self.rhs)}*", *values)


def _one_each(word: str) -> str:
    """``word`` with any letter in place of what GLOB would read as a pattern; the exact look comes after it."""
    return "".join("?" if letter in "*?[]" else letter for letter in word)
