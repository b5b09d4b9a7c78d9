"""What came of asking a token URL, in words with their figures, in the language that is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.gateways.sales import SalesCheck, SalesOutcome


def figures(elapsed_ms: int, expires_in: int | None) -> str:
    """How long a token took to come and how long it is valid: "Token received in 354 ms, valid for 3,599 seconds"."""
    known = {"ms": _number(elapsed_ms), "seconds": _number(expires_in or 0)}
    if expires_in:
        return _("Token received in %(ms)s ms, valid for %(seconds)s seconds") % known
    return _("Token received in %(ms)s ms") % known


def token_says(facts: Mapping[str, Any]) -> list[str]:
    """What the token says of itself, as ``actions.verifying`` kept it: whose it is, and for whom."""
    if facts.get("opaque"):
        return [_("The token is opaque: whose it is cannot be read.")]
    whose = _("The token names this client.") if facts.get("client") else _("The token does not say whose it is.")
    audience = facts.get("audience")
    return [whose, _("It is meant for %(audience)s.") % {"audience": audience}] if audience else [whose]


def in_words(facts: Mapping[str, Any], otherwise: str, *, verified: bool) -> str:
    """The outcome of a check that was kept as ``facts``; ``otherwise`` for one that was kept as a sentence alone."""
    if not facts:
        return otherwise
    said = [_(facts["sentence"]) % facts["params"]]
    if verified:
        said += [figures(facts["elapsed_ms"], facts["expires_in"]) + ".", *token_says(facts)]
    return " ".join(said)


def sales_row(facts: Mapping[str, Any]) -> dict[str, str] | None:
    """What came of the sales request beside the check, as ``components/_verify.html`` draws it; None without one."""
    kept = facts.get("sales")
    if not kept:
        return None
    return row_of_sales(SalesCheck(SalesOutcome(kept["outcome"]), kept["sentence"], kept["params"]))


def row_of_sales(check: SalesCheck) -> dict[str, str]:
    """The same for a request that was made a moment ago."""
    title = _("Sales received") if check.ok else _("No sales")
    return {"tone": "good" if check.ok else "bad", "title": title, "text": _(check.sentence) % check.params}


def _number(value: int) -> str:
    return str(number_format(value, force_grouping=True))
