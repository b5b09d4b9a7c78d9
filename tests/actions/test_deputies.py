"""Deputies: named for a range, holding the role on its days, kept apart like the one they stand in for."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts import people
from accounts.actions import deputies
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Deputy, Event, Message, Order, Person, RoleGrant
from tests.actions.tools import HENRIK, at_once, nothing_written, told
from tests.story import Story

TODAY = date(2026, 11, 23)  # the story's Monday
A_WEEK = timedelta(days=7)


def name(story: Story, deputy: Person, first: date = TODAY, last: date = TODAY + A_WEEK) -> Deputy:
    by = story.actor("responsible")
    return deputies.name_deputy(story.responsible, deputy, starts_on=first, ends_on=last, by=by, now=story.now)


def on(person: Person, day: date) -> Actor:
    return people.actor_of(person, today=day)


def grant(person: Person, role: Role, story: Story) -> None:
    RoleGrant.objects.create(person=person, role=role.value, granted_by="test", granted_at=story.now)


@pytest.fixture
def ola(story: Story) -> Person:
    """A colleague without any role."""
    return story.person("ola@loop.example", "Ola Hansen")


def test_the_deputy_holds_the_role_on_the_days_of_the_range_and_on_no_other(story: Story, ola: Person) -> None:
    name(story, ola, TODAY + A_WEEK, TODAY + 2 * A_WEEK)
    days = {day: on(ola, TODAY + timedelta(days=day)).holds(Role.SERVICE_RESPONSIBLE) for day in (0, 6, 7, 14, 15)}
    assert days == {0: False, 6: False, 7: True, 14: True, 15: False}
    assert [one.name for one in on(ola, TODAY + A_WEEK).stands_in_for] == ["Henrik Aasen"]


def test_whoever_holds_the_role_themselves_stands_in_for_nobody(story: Story, ola: Person) -> None:
    grant(ola, Role.SERVICE_RESPONSIBLE, story)
    name(story, ola)
    assert on(ola, TODAY).holds(Role.SERVICE_RESPONSIBLE)
    assert on(ola, TODAY).stands_in_for == ()


def test_a_deputy_of_somebody_who_lost_the_role_or_was_deactivated_counts_for_nothing(
    story: Story, ola: Person
) -> None:
    name(story, ola)
    RoleGrant.objects.filter(person=story.responsible).delete()
    assert not on(ola, TODAY).holds(Role.SERVICE_RESPONSIBLE)
    grant(story.responsible, Role.SERVICE_RESPONSIBLE, story)
    assert on(ola, TODAY).holds(Role.SERVICE_RESPONSIBLE)
    Person.objects.filter(pk=story.responsible.pk).update(is_active=False)
    assert not on(ola, TODAY).holds(Role.SERVICE_RESPONSIBLE)


def test_a_deputy_approves_and_the_event_says_for_whom(story: Story, ola: Person) -> None:
    name(story, ola)
    order = story.order_in("approval")
    event = story.do(order, "approve", ola)
    assert str(event.who) == "Ola Hansen, as deputy for Henrik Aasen"
    assert event.data["deputy_for"] == "Henrik Aasen"
    assert event.computed_hash() == event.hash


@pytest.mark.parametrize(("verb", "data"), [("reject", {"comment": "No."}), ("return", {"comment": "Why?"})])
def test_also_when_rejecting_and_returning(story: Story, ola: Person, verb: str, data: dict[str, str]) -> None:
    name(story, ola)
    event = story.do(story.order_in("approval"), verb, ola, **data)
    assert event.data["deputy_for"] == "Henrik Aasen"


def test_what_a_deputy_does_in_their_own_right_names_nobody_else(story: Story) -> None:
    name(story, story.colleague)
    order = story.order_in("support")
    event = story.do(order, "send_for_approval", "colleague")
    assert str(event.who) == "Jonas Eide"
    assert "deputy_for" not in story.do(story.order_in("approval"), "approve", "responsible").data


def test_a_deputy_does_not_approve_what_they_sent_or_requested(story: Story, ola: Person) -> None:
    name(story, story.colleague)
    sent = story.order_in("support")
    story.do(sent, "send_for_approval", "colleague")
    with pytest.raises(NotAllowed, match="sent this order for approval yourself"):
        story.do(sent, "approve", "colleague")
    name(story, ola)
    own = story.draft(who=ola)
    story.do(own, "submit", ola)
    story.do(own, "send_for_approval", "support")
    with pytest.raises(NotAllowed, match="requested this order yourself"):
        story.do(own, "approve", ola)


def test_a_deputy_does_not_approve_what_the_principal_sent_or_requested(story: Story, ola: Person) -> None:
    grant(story.responsible, Role.SUPPORT, story)
    name(story, ola)
    sent = story.order_in("support")
    story.do(sent, "send_for_approval", "responsible")
    requested = story.draft(who="responsible")
    story.do(requested, "submit", "responsible")
    story.do(requested, "send_for_approval", "support")
    for order in (sent, requested):
        with nothing_written(), pytest.raises(NotAllowed, match="You stand in for Henrik Aasen"):
            story.do(order, "approve", ola)
    grant(ola, Role.SERVICE_RESPONSIBLE, story)
    assert "deputy_for" not in story.do(sent, "approve", ola).data, "in their own right they may"


def test_of_two_principals_one_without_a_part_in_the_order_is_enough(story: Story, ola: Person) -> None:
    other = story.person("berit@loop.example", "Berit Dahl", Role.SERVICE_RESPONSIBLE, Role.SUPPORT)
    name(story, ola)
    by = story.actor(other)
    deputies.name_deputy(other, ola, starts_on=TODAY, ends_on=TODAY, by=by, now=story.now)
    order = story.order_in("support")
    story.do(order, "send_for_approval", other)
    event = story.do(order, "approve", ola)
    assert event.data["deputy_for"] == "Henrik Aasen", "Berit Dahl comes first by name, and sent it herself"


def test_both_histories_say_it_and_the_deputy_is_told(story: Story, ola: Person) -> None:
    found = name(story, ola)
    days = {"starts_on": "2026-11-23", "ends_on": "2026-11-30"}
    ours = Event.objects.get(verb="name_deputy")
    theirs = Event.objects.get(verb="become_deputy")
    assert (ours.subject_id, ours.data) == (story.responsible.pk, {"to": "Ola Hansen", **days})
    assert (theirs.subject_id, theirs.data) == (ola.pk, {"to": "Henrik Aasen", **days})
    assert (told(ours), told(theirs)) == ({}, {"deputy_named": {"ola@loop.example"}})

    deputies.end_deputy(found, by=story.actor("responsible"), now=story.now)
    assert told(Event.objects.get(verb="stop_being_deputy")) == {"deputy_ended": {"ola@loop.example"}}
    assert not on(ola, TODAY).holds(Role.SERVICE_RESPONSIBLE)
    with nothing_written(), pytest.raises(LostRace):
        deputies.end_deputy(found, by=story.actor("responsible"), now=story.now)


def test_the_days_can_be_changed_but_not_a_first_day_that_has_come(story: Story, ola: Person) -> None:
    found, by = name(story, ola), story.actor("responsible")
    later = story.now + timedelta(days=2)
    deputies.change_deputy(found, starts_on=TODAY + A_WEEK, ends_on=TODAY + 2 * A_WEEK, by=by, now=later)
    found.refresh_from_db()
    assert (found.starts_on, found.ends_on) == (TODAY, TODAY + 2 * A_WEEK)
    assert Event.objects.get(verb="change_deputy").data["ends_on"] == "2026-12-07"
    with nothing_written(), pytest.raises(NotReady, match="are over"):
        deputies.change_deputy(found, starts_on=TODAY, ends_on=TODAY, by=by, now=later)
    gone = story.now + timedelta(days=30)
    with nothing_written(), pytest.raises(LostRace):
        deputies.change_deputy(found, starts_on=TODAY, ends_on=TODAY + timedelta(days=60), by=by, now=gone)


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        (TODAY - timedelta(days=1), TODAY, "are over"),
        (TODAY + A_WEEK, TODAY, "before the first day"),
        (TODAY, date(2027, 11, 24), "at most a year"),
    ],
)
def test_days_that_cannot_be(story: Story, ola: Person, first: date, last: date, why: str) -> None:
    with nothing_written(), pytest.raises(NotReady, match=why):
        name(story, ola, first, last)


def test_a_whole_year_can_be(story: Story, ola: Person) -> None:
    assert name(story, ola, TODAY, date(2027, 11, 23)).pk


def test_people_who_cannot_be(story: Story) -> None:
    gone = story.person("gone@loop.example", "Gone")
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    for person, why in (
        (story.responsible, "stand in for yourself"),
        (gone, "may not sign in"),
        (story.cegal, "works at Cegal"),
        (story.ingrid, "no role here, and no address at loop.example"),
    ):
        with nothing_written(), pytest.raises(NotReady, match=why):
            name(story, person)


def test_the_same_deputy_twice_on_one_day_but_two_deputies_on_one_day(story: Story, ola: Person) -> None:
    name(story, ola)
    with nothing_written(), pytest.raises(NotReady, match="is your deputy from 2026-11-23 to 2026-11-30 already"):
        name(story, ola, TODAY + A_WEEK, TODAY + 2 * A_WEEK)
    name(story, story.colleague)
    name(story, ola, TODAY + A_WEEK + timedelta(days=1), TODAY + 2 * A_WEEK)


def test_only_the_service_responsible_names_and_only_for_themselves(story: Story, ola: Person) -> None:
    other = story.person("berit@loop.example", "Berit Dahl", Role.SERVICE_RESPONSIBLE)
    found = name(story, ola)
    for who in ("support", "administrator", ola, other):
        by = story.actor(who)
        with nothing_written(), pytest.raises(NotAllowed):
            deputies.name_deputy(story.responsible, other, starts_on=TODAY, ends_on=TODAY, by=by, now=story.now)
        with nothing_written(), pytest.raises(NotAllowed):
            deputies.end_deputy(found, by=by, now=story.now)
    by = story.actor(ola)
    with nothing_written(), pytest.raises(NotAllowed):
        deputies.name_deputy(ola, other, starts_on=TODAY, ends_on=TODAY, by=by, now=story.now)


def test_orders_to_approve_are_mailed_to_the_deputies_of_the_day(story: Story, ola: Person) -> None:
    berit = story.person("berit@loop.example", "Berit Dahl")
    over = story.person("over@loop.example", "Over")
    name(story, ola)
    name(story, berit, TODAY + A_WEEK, TODAY + A_WEEK)
    deputies.end_deputy(name(story, over), by=story.actor("responsible"), now=story.now)
    order = story.order_in("support")
    event = story.do(order, "send_for_approval", "support")
    assert told(event) == {"order_to_approve": {HENRIK, "ola@loop.example"}}
    order = Order.objects.get(pk=order.pk)
    story.do(order, "return", ola, comment="Which project?")
    story.do(order, "resubmit", "ingrid")
    again = story.do(order, "send_for_approval", "support")
    assert told(again) == {"order_to_approve": {HENRIK, "ola@loop.example"}}, "also in the second round"


def test_a_mail_to_a_deputy_whose_days_are_over_is_not_sent(
    story: Story, ola: Person, mailoutbox: list[object]
) -> None:
    from accounts import delivery

    name(story, ola, TODAY, TODAY)
    order = story.order_in("approval")
    tomorrow = datetime.fromisoformat("2026-11-24T08:00:00+01:00")
    delivery.deliver_due(tomorrow)
    states = dict(Message.objects.filter(kind="order_to_approve", event__subject_id=order.pk)
                  .values_list("to_email", "state"))  # fmt: skip
    assert states == {HENRIK: "delivered", "ola@loop.example": "given_up"}


@pytest.mark.django_db(transaction=True)
def test_two_tabs_name_the_same_deputy_once() -> None:
    story = Story()
    ola = story.person("ola@loop.example", "Ola Hansen")
    said = at_once(3, lambda _place: name(story, Person.objects.get(pk=ola.pk)))
    assert Deputy.objects.count() == 1, said
    assert Event.objects.filter(verb="name_deputy").count() == 1
