"""A purpose is refused only where nobody could judge it; the advice beside the field never blocks."""

from __future__ import annotations

import pytest

from accounts.lifecycle import purpose
from accounts.lifecycle.purpose import EXAMPLE, advice, refusal

NORWEGIAN_EXAMPLE = (
    "Vi sender overskuddsventiler og pumper fra SAP-lageret vårt til Loop hver natt og holder salgsdataene à jour. "
    "Del av prosjekt Ekko (P-4471)."
)
ORGANISATION = "Nordsjø Surplus AS"

EMPTY = "Describe what you will use the API for."
EXAMPLE_TEXT = "This is the example text. Describe your own use of the API."
ONLY_NAME = "This is only the organisation’s name. Describe what you will use the API for."
REPEATS = "This repeats itself. Describe in your own words what you will use the API for."
TOO_SHORT = "Write at least one full sentence: what you will use the API for, or which project or customer."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", EMPTY),
        ("   \n\t ", EMPTY),
        ("... --- !!! ???", EMPTY),
        ("_______________________________", EMPTY),
        ("API", TOO_SHORT),
        ("for testing", TOO_SHORT),
        ("Testing the new API", TOO_SHORT),
        ("We use it in it", TOO_SHORT),
        ("Bruk av API", TOO_SHORT),
        ("internasjonaliseringsprosjektkoordinering", TOO_SHORT),
        ("Nordsjø Surplus AS", ONLY_NAME),
        ("nordsjø surplus", ONLY_NAME),
        ("NORDSJØ  SURPLUS.", ONLY_NAME),
        ("Nordsjø Surplus AS, Nordsjø Surplus AS, Nordsjø Surplus AS", ONLY_NAME),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", REPEATS),
        ("a a a a a a a a a a a a a a a a a a", REPEATS),
        ("asdf asdf asdf asdf asdf asdf asdf", REPEATS),
        ("test test test test test test test test", REPEATS),
        ("send data send data send data send data send data", REPEATS),
        ("we send items to Loop we send items to Loop we send items to Loop", REPEATS),
        ("Vi henter salgsdata! Vi henter salgsdata! Vi henter salgsdata!", REPEATS),
        ("xxxxxx xxxxxxx xxxxxxxx xxxxxxxxx xxxxxxxxxx", REPEATS),
        (str(EXAMPLE), EXAMPLE_TEXT),
        (str(EXAMPLE).upper(), EXAMPLE_TEXT),
        ("  " + str(EXAMPLE).replace(" ", "\n  ") + "!!", EXAMPLE_TEXT),
        (NORWEGIAN_EXAMPLE, EXAMPLE_TEXT),
        (NORWEGIAN_EXAMPLE.lower().replace(".", ""), EXAMPLE_TEXT),
    ],
)
def test_what_is_plainly_insufficient_is_refused_with_the_right_sentence(text: str, sentence: str) -> None:
    assert str(refusal(text, ORGANISATION, (NORWEGIAN_EXAMPLE,))) == sentence


@pytest.mark.parametrize(
    "text",
    [
        "We export sales from Loop to our ERP every morning.",
        "Project Ekko (P-4471) for customer Equinor ASA",
        "Import of surplus valves from IFS for Nordsjø Surplus AS.",
        "Vi henter salgsdata fra Loop til SAP hver natt.",
        "Prosjekt Ekko for Equinor, kundereferanse K-2026/88",
        "Overføring av varer fra lagersystemet til Loop én gang i uka for Aker-prosjektet.",
        "We read sales and we read items and we update the status of sales for our customers.",
        "To send items to Loop, to update items in Loop and to read sales from Loop, for project Ekko.",
        "Nordsjø Surplus AS uses the API to send items of project Ekko",
        str(EXAMPLE) + " We also read back which of the items were sold.",
        "Мы отправляем данные о складских остатках в Loop каждую ночь",
    ],
)
def test_what_somebody_can_judge_is_left_to_support(text: str) -> None:
    assert refusal(text, ORGANISATION, (NORWEGIAN_EXAMPLE,)) is None


def test_a_long_honest_text_uses_its_words_again_and_passes() -> None:
    text = (
        "We send the items of the warehouse to Loop every night, and in the morning we read the sales of the day "
        "before from Loop. The items are sent from SAP, the sales are read into SAP. The users of the warehouse see "
        "the sales in SAP, and the items of the sales are taken from the warehouse. The client is used by the "
        "warehouse in Stavanger and by the warehouse in Bergen, for the customers of the warehouse."
    )
    assert refusal(text, ORGANISATION) is None


def test_without_an_organisation_nothing_is_compared_with_it() -> None:
    assert str(refusal("Nordsjø Surplus", "")) == TOO_SHORT


def test_the_example_itself_would_be_good_advice() -> None:
    assert all(topic.met for topic in advice(str(EXAMPLE)))


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("", [False, False, False, False]),
        ("We use SAP", [True, False, False, False]),
        ("Vi eksporterer salg", [False, True, False, False]),
        ("For project Ekko", [False, False, True, False]),
        ("Kundereferanse: prosjekt Ekko", [False, False, True, False]),
        ("P-4471", [False, False, True, False]),
        ("hver natt", [False, False, False, True]),
        ("three times a week", [False, False, False, True]),
        ("Vi henter salgsdata fra Loop til lagersystemet hver natt for prosjekt Ekko", [True, True, True, True]),
        ("We send items from our inventory portal every hour, reference 4471", [True, True, True, True]),
    ],
)
def test_advice_finds_the_four_topics(text: str, met: list[bool]) -> None:
    assert [topic.met for topic in advice(text)] == met


def test_advice_shows_what_it_found_and_always_says_what_would_help() -> None:
    found = advice("We send items from Maximo every night, for project Ekko.")
    assert [topic.found for topic in found] == [
        "Maximo",
        "send items from Maximo every",
        "project Ekko",
        "every night",
    ]
    assert all(str(topic.topic) and str(topic.hint) for topic in advice(""))


def test_the_limits_say_what_they_are() -> None:
    assert (purpose.FEWEST_WORDS, purpose.FEWEST_CHARACTERS) == (5, 25)
