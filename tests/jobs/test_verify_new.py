"""The task that has credentials verified: at once after Cegal entered one, again while it is not accepted yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts import outbox
from accounts.actions import credentials, verifying
from accounts.gateways.loop import LASTING, Outcome, TokenCheck
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Credential, Event
from accounts.tasks import verify_new
from tests.actions.tools import at_once, nothing_written
from tests.story import NOW, Story

Answers = Callable[..., list[datetime]]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Say what the token URL answers, one outcome after the other, the last for ever; give when it was asked."""
    asked: list[datetime] = []

    def of(*outcomes: Outcome) -> list[datetime]:
        left = list(outcomes)

        def check(*_args: Any, now: datetime, **_how: Any) -> TokenCheck:
            asked.append(now)
            return TokenCheck(left.pop(0) if len(left) > 1 else left[0], "It answered.")

        monkeypatch.setattr("accounts.gateways.loop.check_token", check)
        return asked

    return of


def live_on(start: datetime, seconds: int) -> None:
    """A worker that looks every second."""
    for second in range(seconds):
        credentials.verify_new(clock=lambda: start + timedelta(seconds=second), by=SYSTEM)  # noqa: B023  # used at once


def events() -> list[Event]:
    return list(Event.objects.filter(verb="verify_credential"))


def test_the_outcome_is_kept_by_the_portal_itself(story: Story, answers: Answers) -> None:
    account = story.order_in("credential_issue").accounts.get()
    asked = answers(Outcome.OK)
    verify_new()
    verify_new()  # what was accepted is not asked about again by itself
    credential = Credential.objects.get(account=account)
    assert len(asked) == 1
    assert credential.verified_at is not None
    assert credential.check_due_at is None
    (event,) = events()
    assert (event.actor_kind, event.data["outcome"]) == ("system", "ok")


def test_a_credential_that_is_gone_is_left_alone(story: Story, answers: Answers) -> None:
    story.order_in("credential_issue")
    asked = answers(Outcome.OK)
    Credential.objects.update(sealed_secret="", destroyed_at=NOW)
    verify_new()
    assert asked == []


def test_a_secret_that_works_after_a_while_is_verified_then(
    story: Story, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[float] = []
    monkeypatch.setattr(outbox, "wake", lambda _task, after=0: woken.append(after))
    story.order_in("credential_issue")
    woken.clear()
    asked = answers(Outcome.WRONG_SECRET, Outcome.TIMEOUT, Outcome.WRONG_SECRET, Outcome.OK)
    live_on(story.now, 130)
    assert [(at - story.now).seconds for at in asked] == [0, 5, 15, 30]
    assert woken == [5, 10, 15]
    credential = Credential.objects.get()
    assert (credential.check_tries, credential.verified_at) == (4, story.now + timedelta(seconds=30))
    assert [event.data["outcome"] for event in events()] == ["ok"]


def test_a_wrong_secret_is_asked_about_for_two_minutes_and_no_longer(story: Story, answers: Answers) -> None:
    story.order_in("credential_issue")
    asked = answers(Outcome.WRONG_SECRET)
    live_on(story.now, 300)
    assert [(at - story.now).seconds for at in asked] == [0, 5, 15, 30, 50, 70, 90, 110, 120]
    credential = Credential.objects.get()
    assert (credential.check_due_at, credential.check_until) == (None, None)
    assert [event.data["outcome"] for event in events()] == ["wrong_secret"]


@pytest.mark.parametrize("outcome", sorted(LASTING - {Outcome.OK, Outcome.NOT_OPENED}))
def test_what_stays_so_is_not_asked_about_again(story: Story, answers: Answers, outcome: Outcome) -> None:
    story.order_in("credential_issue")
    asked = answers(outcome)
    live_on(story.now, 60)
    assert len(asked) == 1
    assert [event.data["outcome"] for event in events()] == [outcome.value]


def test_a_worker_that_is_killed_in_between_costs_its_lease(
    story: Story, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.order_in("credential_issue")

    def killed(*_args: object, **_how: object) -> TokenCheck:
        raise SystemExit

    monkeypatch.setattr("accounts.gateways.loop.check_token", killed)
    with pytest.raises(SystemExit):
        live_on(story.now, 1)
    asked = answers(Outcome.OK)
    live_on(story.now, 100)
    assert asked == [story.now + verifying.LEASE]
    assert Credential.objects.get().verified_at is not None


def test_a_secret_whose_key_is_gone_is_said_and_not_asked_about(story: Story, answers: Answers, settings: Any) -> None:
    story.order_in("credential_issue")
    asked = answers(Outcome.OK)
    settings.CREDENTIAL_KEYS = {"t9": b"9" * 32}
    live_on(story.now, 3)
    assert asked == []
    credential = Credential.objects.get()
    assert (credential.check_outcome, credential.check_due_at) == ("not_opened", None)
    assert "Add it to CREDENTIAL_KEYS" in credential.check_sentence


def test_a_person_begins_a_new_round_and_is_named(story: Story, answers: Answers) -> None:
    order = story.order_in("credential_issue")
    asked = answers(Outcome.WRONG_SECRET)
    live_on(story.now, 130)
    later = story.now + timedelta(hours=1)
    credentials.ask_to_verify(Credential.objects.get(), by=story.actor("support"), now=later)
    live_on(later, 130)
    assert len(asked) == 18
    verbs = Event.objects.filter(subject_id=order.accounts.get().pk).order_by("seq").values_list("verb", "actor_name")
    assert list(verbs)[-3:] == [
        ("verify_credential", SYSTEM.name), ("ask_to_verify", "Marte Lunde"), ("verify_credential", SYSTEM.name),
    ]  # fmt: skip


def test_only_support_and_cegal_have_it_asked_and_only_about_what_is_stored(story: Story) -> None:
    story.order_in("credential_issue")
    credential = Credential.objects.get()
    for who in ("ingrid", "responsible", "administrator"):
        with nothing_written(), pytest.raises(NotAllowed):
            credentials.ask_to_verify(credential, by=story.actor(who), now=NOW)
    Credential.objects.update(sealed_secret="", destroyed_at=NOW)
    for seen in (credential, Credential.objects.get()):  # destroyed since it was read, and before
        with nothing_written(), pytest.raises(NotReady, match="not stored any more"):
            credentials.ask_to_verify(seen, by=story.actor("cegal"), now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_ask_once(answers: Answers) -> None:
    story = Story()
    story.order_in("credential_issue")
    asked, start = answers(Outcome.OK), Barrier(2)

    def work(_place: int) -> None:
        start.wait()
        credentials.verify_new(clock=lambda: story.now, by=SYSTEM)
        connection.close()

    at_once(2, work)
    assert len(asked) == 1
    assert len(events()) == 1
