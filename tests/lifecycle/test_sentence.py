"""A sentence keeps its text and its values apart until somebody reads it."""

from __future__ import annotations

import pytest

from accounts.lifecycle.sentence import Sentence


def test_it_reads_as_english() -> None:
    assert str(Sentence("Active since %(day)s.", day="2026-01-01")) == "Active since 2026-01-01."


def test_a_percent_sign_is_just_that_without_values() -> None:
    assert str(Sentence("More than 5 % of them.")) == "More than 5 % of them."


def test_values_may_be_sentences() -> None:
    assert str(Sentence("Only %(roles)s can do this: %(label)s.", roles="support", label=Sentence("Approve"))) == (
        "Only support can do this: Approve."
    )


def test_a_value_may_be_called_text() -> None:
    assert str(Sentence("%(text)s!", text="Hello")) == "Hello!"


def test_a_missing_value_is_an_error_of_the_rule_and_not_a_half_sentence() -> None:
    with pytest.raises(KeyError):
        str(Sentence("%(name)s did it.", other=1))


def test_equal_sentences_are_equal() -> None:
    one, same, other = Sentence("a %(x)s", x=1), Sentence("a %(x)s", x=1), Sentence("a %(x)s", x=2)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "a 1"
    assert repr(one) == "Sentence('a 1')"
