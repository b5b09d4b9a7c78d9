"""Does an email address look like one of the organisation? A hint for whoever checks, never a refusal."""

from __future__ import annotations

import re

PRIVATE = frozenset(
    {
        "gmail.com", "googlemail.com", "hotmail.com", "hotmail.no", "outlook.com", "live.com", "live.no", "msn.com",
        "yahoo.com", "yahoo.no", "icloud.com", "me.com", "mac.com", "online.no", "broadpark.no", "frisurf.no",
        "getmail.no", "altibox.no", "proton.me", "protonmail.com", "gmx.com", "gmx.net", "aol.com", "mail.com",
    }
)  # fmt: skip
"""Well-known services that give an address to anybody."""

SHORTEST = 3
"""Letters that a word needs to tell one organisation from another."""

_FORMS = frozenset(
    {
        "as", "asa", "ab", "ans", "ba", "da", "group", "gruppen", "holding", "inc", "ltd", "norge", "norway", "nuf",
        "sa",
    }
)  # fmt: skip
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ö": "o", "ä": "a", "ü": "u", "é": "e", "è": "e"})


def domain_of(email: str) -> str:
    """What stands behind the @, in lower case; "" where there is none."""
    return email.rpartition("@")[2].strip().lower() if "@" in email else ""


def is_private(domain: str) -> bool:
    """Is it a service that gives an address to anybody?"""
    return domain in PRIVATE


def looks_like(domain: str, organisation: str) -> bool:
    """Does ``domain`` carry a word of the organisation's name, or its initials? "nordsjo.no" and "Nordsjø AS" do."""
    words = [word for word in _words(organisation) if word not in _FORMS]
    labels = _words(domain.rpartition(".")[0])
    initials = "".join(word[0] for word in words)
    return any(_fit(label, words, initials) for label in labels)


def _fit(label: str, words: list[str], initials: str) -> bool:
    if len(label) < SHORTEST:
        return False
    joined = "".join(words)
    return label == initials or label in joined or any(len(w) > SHORTEST and w in label for w in words)


def _words(text: str) -> list[str]:
    plain = text.casefold().translate(_LETTERS)
    return re.findall(r"[a-z0-9]+", plain)
