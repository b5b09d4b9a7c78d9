"""Is a purpose plainly insufficient, and what would make it better (DOMAIN.md, "Sufficient purpose").

The portal refuses only what nobody could judge; whether the rest is sufficient is Support's decision.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _

EXAMPLE = _(
    "We send surplus valves and pumps from our SAP inventory to Loop every night and keep the sales data in step. "
    "Part of project Ekko (P-4471)."
)
"""The example shown beside the field; typed back as it is, it says nothing about the order."""

FEWEST_WORDS = 5
FEWEST_CHARACTERS = 25
FEWEST_DIFFERENT_LETTERS = 6
LARGEST_SHARE_OF_ONE_WORD = 0.5
FEWEST_DIFFERENT_WORDS = 10  # below it, a text whose words come twice each says one thing over and over

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def refusal(purpose: str, organisation: str = "", examples: tuple[str, ...] = ()) -> Sentence | None:
    """The sentence that says why ``purpose`` is plainly insufficient, or nothing.

    ``organisation`` is the organisation's name; ``examples`` are the example text in the languages it is shown in.
    """
    text = " ".join(purpose.split())
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return _("Describe what you will use the API for.")
    if _letters(text) in {_letters(example) for example in (str(EXAMPLE), *examples)}:
        return _("This is the example text. Describe your own use of the API.")
    if organisation and _only_organisation(words, organisation):
        return _("This is only the organisation’s name. Describe what you will use the API for.")
    if _is_repetition(text, words):
        return _("This repeats itself. Describe in your own words what you will use the API for.")
    if len(words) < FEWEST_WORDS or len(text) < FEWEST_CHARACTERS:
        return _("Write at least one full sentence: what you will use the API for, or which project or customer.")
    return None


def _letters(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _only_organisation(words: list[str], organisation: str) -> bool:
    names = {word.casefold() for word in _WORD.findall(organisation)}
    return bool(names) and set(words) <= names | {"as", "asa", "ab", "ltd"}


def _is_repetition(text: str, words: list[str]) -> bool:
    letters = [letter for letter in text.casefold() if letter.isalnum()]
    if len(letters) >= FEWEST_DIFFERENT_LETTERS and len(set(letters)) < FEWEST_DIFFERENT_LETTERS:
        return True
    counts = Counter(words)
    if len(words) >= 4 and max(counts.values()) / len(words) > LARGEST_SHARE_OF_ONE_WORD:
        return True
    return len(words) >= 4 and len(counts) < FEWEST_DIFFERENT_WORDS and len(counts) * 2 <= len(words)


@dataclass(frozen=True)
class Advice:
    """One thing a good purpose says; ``found`` is the part of the text that says it, or empty."""

    topic: Sentence
    hint: Sentence
    found: str

    @property
    def met(self) -> bool:
        return bool(self.found)


_SYSTEM = (
    r"\b(?:sap|maximo|ifs|dynamics|oracle|erp|wms|postman|power ?bi|system\w*|inventory|lager\w*|\w*portal\w*"
    r"|\w*database\w*)\b"
)
_DATA = (
    r"\b(?:send\w*|import\w*|export\w*|upload\w*|fetch\w*|read\w*|updat\w*|sync\w*|hent\w*|oppdater\w*"
    r"|eksporter\w*|importer\w*|les\w*)\b(?:\s+\S+){0,4}"
)
_PROJECT = (
    r"\b(?:project|prosjekt\w*|customer|kunde\w*|client|reference|referanse|ref\.?|contract|kontrakt\w*)\b"
    r"(?:\s+\S+){0,3}|\b[A-Z]{1,4}-\d[\w-]*"
)
_OFTEN = (
    r"\b(?:every|each|hver\w*|nightly|daily|weekly|hourly|monthly|daglig|ukentlig|månedlig|\w+ (?:times|ganger))\b"
    r"(?:\s+\w+)?"
)


def advice(purpose: str) -> list[Advice]:
    """Guidance while the text is written: four topics, each with what was found. It never blocks."""
    found = _finder(" ".join(purpose.split()))
    return [
        Advice(
            _("Which system will use the API"),
            _("For example SAP, Maximo or a system of your own"),
            found(_SYSTEM),
        ),
        Advice(
            _("What data moves, and which way"),
            _("For example: send items to Loop, read sales"),
            found(_DATA),
        ),
        Advice(_("The project or customer reference"), _("For example “project Ekko (P-4471)”"), found(_PROJECT)),
        Advice(
            _("How often it will run"),
            _("Helpful: every night, every hour, a few times a week"),
            found(_OFTEN),
        ),
    ]


def _finder(text: str) -> Callable[[str], str]:
    def found(pattern: str) -> str:
        match = re.search(pattern, text, flags=re.IGNORECASE)
        return match.group(0).rstrip(" .,;") if match else ""

    return found
