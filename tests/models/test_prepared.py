"""Prepared statements find and write what the same queries do in the usual way."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import outbox
from accounts.actions import engine, swap
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.models import Deputy, Environment, Event, Order, Person, ProviderKind, facts, holders
from accounts.models.prepared import Prepared, Slot
from tests.story import Story

NAMES = Prepared(
    lambda: Person.objects.filter(email=Slot("email", Person._meta.get_field("email"))).values_list("name")
)


def test_the_head_of_a_chain(story: Story) -> None:
    order = story.order_in("approval")
    for event in Event.objects.filter(subject_id=order.pk):
        assert engine._HEAD.rows(kind="order", subject=order.pk, seq=event.seq) == [(event.hash,)]
    assert engine._HEAD.rows(kind="account", subject=order.pk, seq=1) == []


def test_who_had_a_part_in_an_order(story: Story) -> None:
    first, other = story.order_in("approval"), story.order_in("approved")
    usual = list(facts._parts(subject_id__in=[first.pk]))
    assert facts._PARTS.rows(order=first.pk) == usual
    assert usual
    assert facts.parts_of([first.pk]) == {first.pk: facts.parts_of([first.pk, other.pk])[first.pk]}


def test_who_makes_the_clients_of_an_order(story: Story) -> None:
    Environment.objects.filter(pk=story.production.pk).update(provider=ProviderKind.ENTRA.value)
    order = story.draft(environments=("TEST", "PRODUCTION"))
    usual = order.environments.values_list("provider")
    assert sorted(facts._PROVIDERS.rows(order=order.pk)) == sorted(usual) == [("entra",), ("people",)]
    order.environments.clear()
    assert facts._PROVIDERS.rows(order=order.pk) == []


@pytest.mark.parametrize("to", [Audience.SUPPORT, Audience.SERVICE_RESPONSIBLE, Audience.CEGAL, Audience.ADMINISTRATOR])
def test_the_people_of_an_audience(story: Story, to: Audience) -> None:
    today = timezone.localdate(story.now)
    Person.objects.filter(pk=story.support.pk).update(language="")
    gone = story.person("gone@support.example", "Gone", Role.SUPPORT)
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    story.person("nb@support.example", "Norsk", Role.SUPPORT, language="nb")
    Deputy.objects.create(
        principal=story.responsible, deputy=story.stranger, starts_on=today, ends_on=today, named_at=story.now
    )
    for day in (today, today + timedelta(days=1)):
        usual = {outbox.Recipient.of(person) for person in holders(outbox._STAFF[to], day)}
        assert {outbox.Recipient(*one) for one in outbox._people(to).rows(today=day)} == usual
        assert usual


def test_the_guarded_update(story: Story) -> None:
    order = story.order_in("approval")
    values = {"version": order.version + 1, "state": OrderState.APPROVED.value, "assignee": story.support}
    for source, version in (("support", order.version), ("approval", order.version - 1)):
        assert not swap._swap_one(order, source, version, values)
        assert Order.objects.get(pk=order.pk).state == "approval"
    assert swap._swap_one(order, "approval", order.version, values)
    there = Order.objects.get(pk=order.pk)
    assert (there.version, there.state, there.assignee_id) == (order.version + 1, "approved", story.support.pk)


@pytest.mark.django_db(transaction=True)
def test_another_thread_uses_its_own_connection() -> None:
    Person.objects.create_user("one@x.example", "One")
    assert NAMES.rows(email="one@x.example") == [("One",)]
    found: list[object] = []

    def ask() -> None:
        found.append(NAMES.rows(email="one@x.example"))
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [[("One",)]]
