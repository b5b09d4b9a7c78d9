"""People invited, their roles changed, deactivated: who may, what it leaves behind, and who always stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions import assigning, roles, single_sign_on
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Event, Message, Order, Person
from accounts.readers import history as chains
from tests.actions.tools import at_once, history, nothing_written, told
from tests.story import Story
from tests.web.visitors import browser_of


def change(story: Story, person: Person, *held: Role, by: str = "administrator", **said: Any) -> Event | None:
    said = {"comment": "The team changed.", **said}
    return roles.change_roles(person, held, by=story.actor(by), now=story.now, **said)


def invite(story: Story, email: str, *held: Role, **said: Any) -> Any:
    return roles.invite(email, by=story.actor("administrator"), now=story.now, roles=held, **said)


def test_somebody_new_is_made_known_and_mailed(story: Story) -> None:
    known = invite(story, "Kari@Support.example", Role.SUPPORT, name="Kari Nes", language="nb")
    assert (known.made, known.person.email, known.person.roles) == (True, "kari@support.example", {Role.SUPPORT})
    assert history(known.person) == ["create", "grant_role", "invite"]
    event = Event.objects.get(subject_id=known.person.pk, verb="invite")
    assert told(event) == {"invited": {"kari@support.example"}}
    assert Message.objects.get(event=event).language == "nb"
    assert event.data == {"roles": ["support"]}


@pytest.mark.parametrize("how", ["roles", "deactivated", "single sign-on"])
def test_who_leaves_support_keeps_no_open_order(story: Story, how: str) -> None:
    mine, ended, other = story.order_in("support"), story.order_in("rejected"), story.order_in("approved")
    assigning.take(mine, by=story.actor("support"), now=story.now)
    assigning.take(other, by=story.actor("colleague"), now=story.now)
    Order.objects.filter(pk=ended.pk).update(assignee=story.support)
    if how == "roles":
        change(story, story.support, Role.CEGAL)
    elif how == "deactivated":
        roles.deactivate(story.support, by=story.actor("administrator"), now=story.now, comment="Left.")
    else:
        story.support.grants.update(by_single_sign_on=True)
        single_sign_on.map_roles(story.support, [], now=story.now)
    assert dict(Order.objects.values_list("pk", "assignee")) == {
        mine.pk: None, ended.pk: story.support.pk, other.pk: story.colleague.pk,
    }  # fmt: skip
    assert history(mine)[-2:] == ["take", "release"]
    assert Event.objects.filter(verb="release").get().data == {"from": "Marte Lunde"}


def test_a_role_that_stays_keeps_the_orders(story: Story) -> None:
    mine = story.order_in("support")
    assigning.take(mine, by=story.actor("support"), now=story.now)
    change(story, story.support, Role.SUPPORT, Role.CEGAL)
    assert Order.objects.get(pk=mine.pk).assignee == story.support


def test_somebody_known_gets_more_roles_and_keeps_theirs(story: Story) -> None:
    known = invite(story, "marte@support.example", Role.CEGAL)
    assert (known.made, known.granted) == (False, (Role.CEGAL,))
    assert story.support.roles == {Role.SUPPORT, Role.CEGAL}
    invite(story, "marte@support.example", Role.CEGAL)
    assert Message.objects.filter(kind="invited", to_email="marte@support.example").count() == 2


def test_who_was_deactivated_is_not_invited(story: Story) -> None:
    roles.deactivate(story.colleague, by=SYSTEM, now=story.now, comment="Left.")
    with pytest.raises(NotReady, match="Jonas Eide is deactivated"), nothing_written():
        invite(story, "jonas@support.example", Role.SUPPORT)


def test_roles_are_given_and_taken_in_one_event_with_one_mail(story: Story) -> None:
    event = change(story, story.support, Role.CEGAL, Role.ADMINISTRATOR)
    assert event is not None
    assert story.support.roles == {Role.CEGAL, Role.ADMINISTRATOR}
    assert event.data == {"given": ["administrator", "cegal"], "taken": ["support"]}
    assert event.comment == "The team changed."
    assert told(event) == {"role_changed": {"marte@support.example"}}
    assert change(story, story.support, Role.CEGAL, Role.ADMINISTRATOR) is None
    assert list(chains.verify(chains.Verified())) == []


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_only_an_administrator_changes_people(story: Story, who: str) -> None:
    said = {"by": story.actor(who), "now": story.now}
    with nothing_written():
        for attempt in (
            lambda: roles.invite("new@loop.example", **said),
            lambda: roles.change_roles(story.stranger, [Role.SUPPORT], comment="Because.", **said),
            lambda: roles.deactivate(story.stranger, comment="Because.", **said),
            lambda: roles.reactivate(story.stranger, comment="Because.", **said),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_nobody_gives_a_role_to_themselves_and_anybody_may_give_one_up(story: Story) -> None:
    with nothing_written():
        with pytest.raises(NotAllowed, match="to yourself"):
            change(story, story.administrator, Role.ADMINISTRATOR, Role.SERVICE_RESPONSIBLE)
        with pytest.raises(NotAllowed, match="to yourself"):
            invite(story, "admin@loop.example", Role.SUPPORT)
    other = story.person("two@loop.example", "Two", Role.ADMINISTRATOR, Role.SUPPORT)
    assert change(story, other, Role.SUPPORT) is not None


def test_an_administrator_may_not_approve_or_issue(story: Story) -> None:
    for state, verb in (("approval", "approve"), ("credential_issue", "issue_credentials")):
        order = story.order_in(state)
        with pytest.raises(NotAllowed):
            story.do(order, verb, "administrator", **story.data_for(order, verb))


def test_a_reason_is_needed(story: Story) -> None:
    with nothing_written():
        with pytest.raises(NotReady, match="Write a reason"):
            change(story, story.support, Role.CEGAL, comment="  ")
        with pytest.raises(NotReady, match="Write a reason"):
            roles.deactivate(story.support, by=SYSTEM, now=story.now, comment="")


def test_the_last_administrator_stays(story: Story) -> None:
    with nothing_written():
        with pytest.raises(NotReady, match="Ada Admin is the last administrator"):
            change(story, story.administrator)
        with pytest.raises(NotReady, match="Ada Admin is the last administrator"):
            roles.deactivate(story.administrator, by=SYSTEM, now=story.now, comment="Left.")
        with pytest.raises(NotAllowed, match="cannot deactivate yourself"):
            roles.deactivate(story.administrator, by=story.actor("administrator"), now=story.now, comment="Left.")


def test_who_lost_the_role_a_moment_ago_changes_nothing_more(story: Story) -> None:
    ada = story.actor("administrator")
    two = story.person("two@loop.example", "Two", Role.ADMINISTRATOR)
    roles.change_roles(story.administrator, [], by=story.actor(two), now=story.now, comment="Moved on.")
    with pytest.raises(NotAllowed, match="not an administrator any more"), nothing_written():
        roles.change_roles(two, [], by=ada, now=story.now, comment="Revenge.")


def test_the_second_of_two_forms_is_told(story: Story) -> None:
    seen = story.support.version
    change(story, story.support, Role.CEGAL, seen=seen)
    story.support.refresh_from_db()
    with pytest.raises(LostRace, match="Ada Admin changed this"), nothing_written():
        change(story, story.support, Role.SUPPORT, seen=seen)


def test_deactivation_ends_every_session_for_good(story: Story) -> None:
    client = browser_of(story.support)
    assert client.get("/staff/worklist/").status_code == 200
    event = roles.deactivate(story.support, by=story.actor("administrator"), now=story.now, comment="Left.")
    assert told(event) == {}
    assert client.get("/staff/worklist/").status_code == 302
    fresh = Person.objects.get(pk=story.support.pk)
    roles.reactivate(fresh, by=story.actor("administrator"), now=story.now, comment="Came back.")
    assert client.get("/staff/worklist/").status_code == 302, "the old session must not live again"
    assert browser_of(Person.objects.get(pk=fresh.pk)).get("/staff/worklist/").status_code == 200
    assert fresh.roles == {Role.SUPPORT}


def test_a_session_of_somebody_else_goes_on(story: Story) -> None:
    client: Client = browser_of(story.colleague)
    roles.deactivate(story.support, by=SYSTEM, now=story.now, comment="Left.")
    assert client.get("/staff/worklist/").status_code == 200


def test_whoever_is_deactivated_keeps_what_they_own_and_loses_a_role_without_a_mail(story: Story) -> None:
    account = story.account(owner=story.support)
    roles.deactivate(story.support, by=SYSTEM, now=story.now, comment="Left.")
    account.refresh_from_db()
    assert account.owner_id == story.support.pk
    event = change(story, Person.objects.get(pk=story.support.pk))
    assert event is not None
    assert told(event) == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["change_roles", "deactivate"])
def test_two_administrators_who_remove_each_other_leave_one(way: str) -> None:
    story = Story()
    for number in range(5):
        both = [
            story.person(f"{name}{number}@loop.example", name.title(), Role.ADMINISTRATOR) for name in ("ada", "bo")
        ]
        Person.objects.exclude(pk__in=[p.pk for p in both]).update(is_active=False)
        actors = [story.actor(p) for p in both]

        def remove(place: int, both: list[Person] = both, actors: list[Any] = actors) -> Event | None:
            other, said = both[1 - place], {"by": actors[place], "now": story.now, "comment": "Not both."}
            if way == "deactivate":
                return roles.deactivate(other, **said)
            return roles.change_roles(other, [], **said)

        answers = at_once(2, remove)
        left = [p for p in both if Person.objects.holding(Role.ADMINISTRATOR).filter(pk=p.pk).exists()]
        assert len(left) == 1, answers
        assert sum(isinstance(answer, Event) for answer in answers) == 1, answers
