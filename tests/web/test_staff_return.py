"""Returning an order from its page: the fields that need more are picked, with reasons out of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Event, Order, ReturnReason
from tests.story import NOW, Story
from tests.web.staff_pages import browser, decide, hidden_fields, read

PRIVATE = "The owner’s address is private"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def reason(title: str) -> ReturnReason:
    return ReturnReason.objects.get(title_en=title)


def press(story: Story, order: Order, **fields: object):  # type: ignore[no-untyped-def]
    return decide(browser(story, "support"), order, "return", picking="1", **fields)


def said(story: Story, order: Order, page: str) -> Event:
    url = reverse("order_verb", args=[order.reference, "return"])
    browser(story, "support").post(url, hidden_fields(page))
    return Event.objects.get(subject_id=order.pk, verb="return")


@pytest.mark.django_db
def test_the_catalogue_speaks_both_languages_and_knows_what_the_source_asks_for() -> None:
    reasons = list(ReturnReason.objects.all())
    assert 8 <= len(reasons) <= 12
    assert {"purpose", "organisation_number", "owner_email", "technical_email", "role", ""} <= {
        r.field for r in reasons
    }
    assert all(r.text("en") != r.text("nb") and r.title("en") != r.title("nb") for r in reasons)


def test_a_reason_is_inserted_in_the_requesters_language_and_can_be_edited(story: Story) -> None:
    story.ingrid.language = "nb"
    story.ingrid.save(update_fields=["language"])
    order, private = story.order_in("support"), reason(PRIVATE)
    page = read(browser(story, "support"), reverse("staff_order", args=[order.reference]))
    assert f">{private.title_nb}<" in page
    typed = {"on": ["owner_email"], "comment_owner_email": "Hei.", "reason_owner_email": str(private.pk)}
    url = reverse("staff_order", args=[order.reference])
    fields = {f"return-{name}": value for name, value in typed.items()} | {"return-picking": "1"}
    answer = browser(story, "support").post(
        url,
        {
            **fields,
            "verb": "return",
            "version": order.version,
            "insert": "owner_email",
            "return-comment": "Two things.",
        },
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f"Hei.\n{private.text_nb}</textarea>" in text
    assert 'value="owner_email" checked' in text
    assert "Two things.</textarea>" in text
    assert 'value="return" checked' in text
    assert "aria-invalid" not in text.split('id="decision"')[1].split("</form>")[0]
    assert not Event.objects.filter(subject_id=order.pk, verb="return").exists()


def test_a_reason_that_was_chosen_counts_without_being_inserted(story: Story) -> None:
    order, private = story.order_in("support"), reason(PRIVATE)
    answer = press(story, order, on=["owner_email"], reason_owner_email=str(private.pk), reason_order="")
    assert answer.status_code == 200
    event = said(story, order, answer.content.decode())
    assert event.data["comments"] == [{"field": "owner_email", "text": private.text_en}]


def test_a_field_that_was_ticked_off_again_is_not_commented_on(story: Story) -> None:
    order = story.order_in("support")
    answer = press(story, order, on=["purpose"], comment_purpose="Which project?", comment_system="Left behind.")
    page = answer.content.decode()
    assert "Left behind." not in page
    assert said(story, order, page).data["comments"] == [{"field": "purpose", "text": "Which project?"}]


def test_a_ticked_field_without_a_comment_is_asked_about(story: Story) -> None:
    answer = press(story, story.order_in("support"), on=["purpose", "system"], comment_purpose="Which project?")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_return-comment_system"' in text
    assert "There is 1 problem" in text
    assert "Which project?" in text


@pytest.mark.parametrize("fields", [{}, {"comment": "  "}, {"reason_order": "nonsense"}, {"on": ["nonsense"]}])
def test_nothing_said_is_no_return(story: Story, fields: dict[str, object]) -> None:
    order = story.order_in("support")
    assert press(story, order, **fields).status_code == 422
    assert Order.objects.get(pk=order.pk).state == "support"


def test_a_reason_out_of_use_is_not_offered(story: Story) -> None:
    order = story.order_in("support")
    ReturnReason.objects.filter(title_en=PRIVATE).update(active=False)
    assert PRIVATE not in read(browser(story, "support"), reverse("staff_order", args=[order.reference]))


def test_the_plain_page_asks_for_the_whole_only(story: Story) -> None:
    order = story.order_in("support")
    text = read(browser(story, "support"), reverse("order_verb", args=[order.reference, "return"]))
    assert text.count("<textarea") == 1
    assert "Answer by" in text
