"""What orders are found by is in step with what they say, and every word of it finds them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from accounts.actions import people, searching
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Order, Person, SearchText, search_text
from accounts.models.search_text import says
from tests.story import Story

STATES = ["support", "returned", "approval", "approved", "cegal_setup", "credential_issue", "issued", "rejected"]


def found(text: str) -> set[str]:
    """What the index finds, which must be what looking at each order finds."""
    by_index = set(Order.objects.filter(says(text)).values_list("reference", flat=True))
    assert by_index == set(Order.objects.filter(says(text, among_few=True)).values_list("reference", flat=True))
    return by_index


def in_step() -> bool:
    rows = Order.objects.exclude(submitted_at=None).select_related("requester", "concerns")
    return {row.pk: searching.text_of(row) for row in rows} == dict(SearchText.objects.values_list("order", "text"))


@pytest.mark.parametrize("state", STATES)
def test_the_words_are_in_step_in_every_state(story: Story, state: str) -> None:
    story.order_in(state, environments=("TEST", "PRODUCTION"))
    assert in_step()


def test_a_draft_is_found_by_nobody(story: Story) -> None:
    order = story.order_in("draft")
    assert not found(order.organisation_name)


def test_a_resubmitted_order_is_found_by_its_new_answers(story: Story) -> None:
    order = story.order_in("returned")
    Order.objects.filter(pk=order.pk).update(owner_name="Kari Nymoen")
    order.refresh_from_db()
    assert not found("nymoen")
    story.do(order, "resubmit", "ingrid")
    assert found("nymoen") == {order.reference}
    assert in_step()


def test_a_new_name_of_the_requester_finds_their_orders(story: Story) -> None:
    order = story.draft()
    Person.objects.filter(pk=story.ingrid.pk).update(name="")
    Order.objects.filter(pk=order.pk).update(owner_email="kari@nordsjo.example")
    order = Order.objects.get(pk=order.pk)
    story.do(order, "submit", "ingrid")
    people.create_person(story.ingrid.email, by=SYSTEM, now=story.now, name="Synnøve Ås")
    assert found("synnøve ås") == {order.reference}
    assert in_step()


@pytest.mark.parametrize(
    "text",
    [
        "skagerrak", "KAGERRA", "ægir", "ÆGIR", "923 609 016", "923609016", "kari@skag", "nymoen kari", "as kari",
        "la-2026-0001", "la", "100%_[x]*?", "o'brien", "\"quoted\"", "tor_teknisk", "ingrid solheim",
    ],
)  # fmt: skip
def test_every_word_finds_it_in_any_case_and_order(story: Story, text: str) -> None:
    order = story.draft(
        organisation_name="Ægir Skagerrak AS",
        owner_name="Kari O'Brien Nymoen",
        owner_email="kari@skagerrak.example",
        technical_name='Tor "Quoted" 100%_[x]*?',
        technical_email="tor_teknisk@nordsjo.example",
    )
    story.do(order, "submit", "ingrid")
    assert found(text) == {order.reference}


@pytest.mark.parametrize(
    "text", ["skagerrak kari bergen", "zz", "tor%teknisk", "100%xx", "923 609 017", "\\", "***", "???"]
)
def test_what_it_does_not_say_does_not_find_it(story: Story, text: str) -> None:
    story.order_in("support", owner_name="Tor_Teknisk 100%_x", organisation_name="Skagerrak AS")
    assert found(text) == set()


def test_a_client_id_finds_the_order_and_its_reactivation(story: Story) -> None:
    order = story.order_in("issued")
    client_id = order.accounts.get().client_id
    assert found(client_id.upper()) == {order.reference}


def test_an_order_that_is_gone_is_found_no_more(story: Story) -> None:
    order = story.order_in("support")
    SearchText.objects.filter(order=order).delete()
    assert found("nordsjø") == set()
    searching.index([order.pk, uuid4()])
    assert found("nordsjø") == {order.reference}
    searching.index([order.pk])
    assert found("nordsjø") == {order.reference}


def test_a_word_that_very_many_say_finds_the_newest(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_text, "MOST", 2)
    first, second, third = (story.order_in("support") for _number in range(3))
    by_index = set(Order.objects.filter(says("nordsjø")).values_list("reference", flat=True))
    assert by_index == {second.reference, third.reference}
    assert Order.objects.filter(says("nordsjø", among_few=True)).count() == 3
    assert Order.objects.filter(says(first.reference)).get() == first


def test_the_index_is_used(story: Story) -> None:
    from django.db import connection

    if connection.vendor == "sqlite":
        plan = Order.objects.filter(says("skagerrak")).explain()
        assert "SCAN s VIRTUAL TABLE INDEX" in plan
        assert "SEARCH accounts_order USING INDEX" in plan
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", ["search_text_trigrams"])
            assert "gin_trgm_ops" in cursor.fetchone()[0]
