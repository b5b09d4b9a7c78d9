"""create_person, and the rules about roles."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError

from accounts.actions import people
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Event, Person
from tests.commands.running import refused, run
from tests.rows import NOW, actor, person

pytestmark = pytest.mark.django_db


class TestCommand:
    def test_twice(self) -> None:
        arguments = ("create_person", "Sunniva@Loop.example", "--role", "support", "cegal", "--role", "support")
        named = (*arguments, "--name", "Sunniva Lie", "--language", "nb")
        assert run(*named) == "Sunniva Lie <sunniva@loop.example> is known now. Roles: cegal, support.\n"
        assert run(*named) == "Sunniva Lie <sunniva@loop.example> was known already. Roles: cegal, support.\n"
        made = Person.objects.get()
        assert (made.language, made.has_usable_password()) == ("nb", False)
        verbs = Event.objects.filter(subject_type="person", subject_id=made.pk).order_by("seq")
        assert list(verbs.values_list("verb", flat=True)) == ["create", "grant_role", "grant_role"]
        assert "whole" in run("verify_history", "--subject", "sunniva@loop.example")

    def test_somebody_who_signed_up_gets_a_name_and_a_role(self) -> None:
        Person.objects.create_user("ola@loop.example", language="en")
        run("create_person", "ola@loop.example", "--role", "administrator", "--name", "Ola Dahl", "--language", "nb")
        found = Person.objects.get()
        assert (found.name, found.language, found.roles) == ("Ola Dahl", "nb", {Role.ADMINISTRATOR})
        run("create_person", "ola@loop.example", "--name", "Somebody Else")
        assert Person.objects.get().name == "Ola Dahl"

    def test_no_role_is_a_requester(self) -> None:
        assert run("create_person", "ola@loop.example").endswith("Roles: none: a requester.\n")

    def test_refusals(self) -> None:
        assert refused("create_person", "ola") == "“ola” is no email address."
        with pytest.raises(CommandError, match="invalid choice: 'owner'"):
            run("create_person", "ola@loop.example", "--role", "owner")
        assert not Person.objects.exists()


class TestRoles:
    def test_only_an_administrator(self) -> None:
        ola = person("ola@loop.example")
        for by in (actor("sunniva@loop.example", Role.SUPPORT), actor("kari@loop.example")):
            with pytest.raises(NotAllowed):
                people.create_person("new@loop.example", by=by, now=NOW)
            with pytest.raises(NotAllowed):
                people.grant(ola, Role.SUPPORT, by=by, now=NOW)

    def test_a_role_is_given_once(self) -> None:
        admin, ola = actor("admin@loop.example", Role.ADMINISTRATOR), person("ola@loop.example")
        given = people.grant(ola, Role.CEGAL, by=admin, now=NOW)
        assert given is not None
        assert (given.actor_name, given.data) == ("Admin", {"role": "cegal"})
        assert people.grant(ola, Role.CEGAL, by=admin, now=NOW) is None

    def test_relations_are_no_roles_to_give(self) -> None:
        with pytest.raises(NotReady, match="The role owner is not given to people"):
            people.grant(person("ola@loop.example"), Role.OWNER, by=SYSTEM, now=NOW)
        with pytest.raises(NotReady, match="no language “de”"):
            people.create_person("new@loop.example", by=SYSTEM, now=NOW, language="de")
