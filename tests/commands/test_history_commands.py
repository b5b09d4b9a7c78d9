"""history and verify_history: what happened, and that nobody changed it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import Account, Event, Message, Order, Person
from accounts.readers import history
from tests.commands.running import refused, run
from tests.history import erasable
from tests.story import NOW, Story


class TestHistory:
    def test_as_a_table(self, story: Story) -> None:
        order = story.order_in("returned")
        lines = run("history", order.reference, at=NOW).splitlines()
        assert lines[0] == "   1  2026-11-23 13:00:00  Ingrid Solheim began the order  [new -> draft]"
        at = lines.index("        “Which project is it for?”")
        assert lines[at - 1].endswith("Marte Lunde returned the order for more information  [support -> returned]")
        assert '"comments": [{"field": "purpose", "text": "Say more."}]' in lines[at + 1]

    def test_as_json(self, story: Story) -> None:
        order = story.order_in("support")
        first, second = json.loads(run("history", order.reference, "--format", "json", at=NOW))
        assert list(first) == ["seq", "at", "actor", "verb", "from", "to", "sentence", "comment", "data", "hash"]
        assert (second["seq"], second["verb"], second["from"], second["to"]) == (2, "submit", "draft", "support")
        assert second["at"] == "2026-11-23T13:00:00+01:00"
        assert second["hash"] == Event.objects.get(subject_id=order.pk, seq=2).hash

    def test_of_an_account_and_of_a_person(self, story: Story) -> None:
        story.account(client_id="alpha")
        run("create_person", "kari@loop.example", "--role", "support")
        assert "took the account over" in run("history", "alpha@TEST")
        assert "Loop access portal gave a role" in run("history", "Kari@loop.example")

    def test_of_a_draft_the_operator_sees_that_it_was_begun(self, story: Story) -> None:
        assert "began the order" in run("history", story.draft().reference)

    def test_of_nothing(self, db: None) -> None:
        assert refused("history", "alpha").startswith("Nothing found for “alpha”. Write an order’s reference")


Damage = Callable[[Order], object]


class TestVerify:
    def test_a_whole_history(self, story: Story) -> None:
        story.order_in("issued")
        events = Event.objects.count()
        assert run("verify_history") == f"The history is whole: {events} events in 2 chains.\n"

    @pytest.mark.parametrize(
        ("damage", "seq", "why"),
        [
            (lambda events: events.filter(seq=2).update(comment="He never said that."), 2, "its hash does not fit"),
            (lambda events: events.filter(seq=3).update(at=NOW - timedelta(days=1)), 3, "its hash does not fit"),
            (lambda events: events.filter(seq=3).update(data={"a": 1}), 3, "its hash does not fit"),
            (lambda events: events.filter(seq=1).delete(), 2, "event 1 is missing"),
            (lambda events: events.filter(seq=2).delete(), 3, "event 2 is missing"),
            (lambda events: events.filter(seq=4).delete(), 3, "the row says that there are 4 events"),
            (lambda events: events.all().delete(), 0, "the row has no history at all"),
        ],
    )
    @pytest.mark.django_db(transaction=True)
    def test_damage_is_found_and_its_place_is_named(self, damage: Damage, seq: int, why: str) -> None:
        order = Story().order_in("approved")
        Message.objects.all().delete()
        with erasable():
            damage(Event.objects.filter(subject_id=order.pk))  # type: ignore[arg-type]
        told = places()
        assert (f"order {order}", seq) in [(place.subject, place.seq) for place in told]
        assert why in " ".join(str(place.why) for place in told)

    @pytest.mark.django_db(transaction=True)
    def test_an_event_that_was_written_anew_is_found_by_the_next_one(self) -> None:
        order = Story().order_in("approved")
        with erasable():
            event = Event.objects.get(subject_id=order.pk, seq=2)
            event.comment = "He never said that."
            Event.objects.filter(pk=event.pk).update(comment=event.comment, hash=event.computed_hash())
        assert [(place.seq, str(place.why)) for place in places()] == [
            (3, "it does not carry the hash of the event before it")
        ]

    def test_a_state_that_was_set_around_the_verbs(self, story: Story) -> None:
        order = story.order_in("approval")
        Order.objects.filter(pk=order.pk).update(state="approved")
        assert [(place.seq, str(place.why)) for place in places()] == [
            (3, "the row’s state is “approved”, which is not where the last event left it")
        ]

    def test_a_version_that_was_set_back(self, story: Story) -> None:
        order = story.order_in("approval")
        Order.objects.filter(pk=order.pk).update(version=2)
        assert "the row says that there are 2 events" in str(places()[0])

    def test_a_row_that_is_gone(self, story: Story) -> None:
        account = story.account(client_id="alpha")
        Account.objects.filter(pk=account.pk).delete()
        assert [str(place) for place in places()] == [
            f"account {account.pk}, event 1: the row that this history is about is gone"
        ]

    def test_the_command_names_the_place_and_ends_with_1(
        self, story: Story, capsys: pytest.CaptureFixture[str]
    ) -> None:
        order, other = story.order_in("approval"), story.order_in("approval")
        Order.objects.filter(pk=order.pk).update(version=2)
        with pytest.raises(CommandError, match=r"broken in 1 place; read 6 events in 2 chains\.") as stopped:
            call_command("verify_history")
        assert stopped.value.returncode == 1
        assert f"Broken: order {order}, event 3: the row says" in capsys.readouterr().err
        assert "whole: 3 events in 1 chain" in run("verify_history", "--subject", other.reference)
        with pytest.raises(CommandError):
            call_command("verify_history", "--subject", order.reference)

    def test_people_who_signed_up_have_no_history_and_that_is_well(self, db: None) -> None:
        Person.objects.create_user("kari@loop.example")
        assert places() == []

    def test_a_change_meanwhile_is_no_break(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        order = story.order_in("support")
        links = history._links

        def meanwhile(*arguments: object) -> object:
            yield from links(*arguments)  # type: ignore[arg-type]
            if Order.objects.get(pk=order.pk).state == "support":
                story.do(Order.objects.get(pk=order.pk), "send_for_approval", "support")

        monkeypatch.setattr(history, "_links", meanwhile)
        assert places() == []


def places() -> list[history.Break]:
    return list(history.verify(history.Verified()))
