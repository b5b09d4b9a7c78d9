"""Changing the key that client secrets and the like are encrypted with: each stored text is sealed anew.

One row after the other, each a compare-and-swap on the text as it was read: a secret that is collected at the same
moment, or a run that is cut off, loses nothing, and the next run goes on where the last one stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models, transaction
from django.db.models import Q

from accounts.models.encrypted import SECOND_FACTOR, SealError, UnknownKey, key_id_of, seal, sealed_under, unseal

CHUNK = 500
COLUMN = "sealed_secret"
CODES = ("secret", "seed")
"""Where a second factor keeps a sealed text: what codes are made from, and what recovery codes are."""
LISTED = "migrated_codes"
"""A list of sealed texts: recovery codes that were taken over from elsewhere."""

Keys = Mapping[str, bytes]


@dataclass(frozen=True)
class Problem:
    """One text that stays as it is: what holds it, its row, the key that sealed it ("" if that is no text of ours)."""

    what: str
    row: str
    key_id: str
    sentence: str


@dataclass
class Report:
    """What a run found and did. ``sealed`` counts the texts afterwards, by key and by what holds them."""

    changed: int = 0
    sealed: Counter[tuple[str, str]] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def under(self, key_id: str) -> int:
        """How many texts this key still seals."""
        return sum(number for (key, _what), number in self.sealed.items() if key == key_id)

    def idle(self, keys: Keys) -> list[str]:
        """The keys that seal nothing any more, and are not the one that encrypts."""
        return [key for key in list(keys)[1:] if not self.under(key)]


def rotate(keys: Keys, *, dry_run: bool = False, between: Callable[[], None] = lambda: None) -> Report:
    """Seal every stored text anew under the first of ``keys``; with ``dry_run`` only count. ``between`` after each.

    A text whose key is missing, or that does not open, is reported and left as it is. Raises BadKey without a key.
    """
    seal("", context=b"", keys=keys)  # without a key that can be used nothing begins
    report = Report()
    for model in holders():
        for row in _rows(model):
            _one_row(model, row, keys, dry_run, report)
            between()
    for authenticator in Authenticator.objects.order_by("pk").iterator(CHUNK):
        if _texts(authenticator.data):
            _one_factor(authenticator.pk, keys, dry_run, report)
            between()
    return report


def holders() -> list[type[models.Model]]:
    """The tables of the product that hold a sealed text: a new one is found by its column."""
    found = apps.get_app_config("accounts").get_models()
    return [model for model in found if any(column.name == COLUMN for column in model._meta.fields)]


def _rows(model: type[models.Model]) -> Iterator[tuple[Any, str]]:
    """The key and the sealed text of each row that holds one, read in chunks by key."""
    held = model._default_manager.exclude(**{COLUMN: ""}).order_by("pk").values_list("pk", COLUMN)
    after = Q()
    while chunk := list(held.filter(after)[:CHUNK]):
        yield from chunk
        after = Q(pk__gt=chunk[-1][0])


def _one_row(model: type[models.Model], row: tuple[Any, str], keys: Keys, dry_run: bool, report: Report) -> None:
    pk, text = row
    new = _anew(model._meta.model_name or "", str(pk), text, pk.bytes, keys, dry_run, report)
    if new != text:  # nothing else changed it since it was read: a collected secret stays destroyed
        report.changed += model._default_manager.filter(**{"pk": pk, COLUMN: text}).update(**{COLUMN: new})


def _one_factor(pk: Any, keys: Keys, dry_run: bool, report: Report) -> None:
    """A second factor holds its texts among other things, so the row is locked while they are changed."""
    with transaction.atomic():
        held = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if held is None:
            return
        texts = _texts(held.data)
        new = {text: _anew("second factor", str(pk), text, SECOND_FACTOR, keys, dry_run, report) for text in texts}
        changed = sum(text != after for text, after in new.items())
        if changed:
            data = {name: new.get(said, said) if name in CODES else said for name, said in held.data.items()}
            if LISTED in data:
                data[LISTED] = [new.get(said, said) for said in data[LISTED]]
            Authenticator.objects.filter(pk=pk).update(data=data)
            report.changed += changed


def _texts(data: Mapping[str, Any]) -> list[str]:
    return [data[name] for name in CODES if data.get(name)] + list(data.get(LISTED, ()))


def _anew(what: str, row: str, text: str, context: bytes, keys: Keys, dry_run: bool, report: Report) -> str:
    """The text sealed under the first key; as it was where it is so already, or cannot be opened."""
    first = next(iter(keys), "")
    if text.startswith(sealed_under(first)):
        report.sealed[first, what] += 1
        return text
    try:
        key_id = key_id_of(text)
        new = seal(unseal(text, context=context, keys=keys), context=context, keys=keys)
    except UnknownKey as missing:
        report.sealed[key_id, what] += 1
        report.problems.append(Problem(what, row, key_id, str(missing.sentence)))
        return text
    except SealError as failure:
        report.problems.append(Problem(what, row, "", str(failure.sentence)))
        return text
    report.sealed[key_id if dry_run else first, what] += 1
    return text if dry_run else new
