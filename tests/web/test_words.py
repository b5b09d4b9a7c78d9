"""The rules' sentences as people read them: in their language, with days as people write them."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from accounts.lifecycle.sentence import Sentence
from accounts.words import say


@pytest.mark.parametrize(("language", "written"), [("en", "Not inactive before 3 March 2027."), ("nb", "3. mars 2027")])
def test_a_day_in_a_sentence_is_written_in_the_readers_language(language: str, written: str) -> None:
    with override(language):
        assert written in say(Sentence("Not inactive before %(day)s.", day="2027-03-03"))


@pytest.mark.parametrize("value", ["LA-2026-0142", "2027-02-31", "2027-03-03 12:00", "923609016", 7])
def test_what_is_no_day_stays_as_it_is(value: object) -> None:
    assert say(Sentence("No: %(value)s", value=value)) == f"No: {value}"


def test_a_day_inside_a_sentence_inside_a_sentence() -> None:
    inner = Sentence("since %(day)s", day="2027-03-03")
    assert say(Sentence("Held %(why)s", why=inner)) == "Held since 3 March 2027"
