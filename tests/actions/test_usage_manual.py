"""Support writes down a use, and takes an entry back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.actions.usage_manual import correct_use, record_use
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import Role
from accounts.models import Account, Event, LastUse
from tests.actions.feeding import call, take
from tests.rows import NOW, TODAY, account

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def _with(role: Role) -> Actor:
    return Actor(ActorKind.PERSON, "Marte Lunde", roles=frozenset({role}))


def record(made: Account, day: date = DAY, reason: str = "They called us.", role: Role = Role.SUPPORT) -> Event:
    return record_use(made, day, reason=reason, by=_with(role), now=NOW)


def correct(made: Account, day: date | None, reason: str = "It was another client.") -> Event:
    return correct_use(made, day, reason=reason, by=_with(Role.SUPPORT), now=NOW)


def last_used(made: Account) -> date | None:
    return Account.objects.get(pk=made.pk).last_used_on


def test_an_entry_moves_the_last_use_and_stands_in_the_history() -> None:
    made = account("alpha", last_used_on=date(2026, 1, 1))
    event = record(made)
    assert last_used(made) == DAY
    assert (event.verb, event.comment) == ("record_use", "They called us.")
    assert event.data == {"day": "2026-11-20", "last_used_on": "2026-11-20"}
    entry = LastUse.objects.get()
    assert (entry.day, entry.figure, entry.feed.kind) == (DAY, "manual", "manual")
    assert (entry.said_by, entry.reason, entry.before_on) == (event.actor_name, "They called us.", date(2026, 1, 1))


def test_an_entry_never_moves_it_backwards() -> None:
    made = account("alpha", last_used_on=TODAY)
    record(made)
    assert last_used(made) == TODAY


def test_an_unknown_last_use_is_known_then() -> None:
    made = account("alpha", watched_from=date(2026, 1, 1))
    assert made.last_use_is_unknown
    record(made)
    assert not Account.objects.get(pk=made.pk).last_use_is_unknown


def test_today_counts_and_tomorrow_does_not() -> None:
    made = account("alpha")
    record(made, timezone.localdate(NOW))
    with pytest.raises(NotReady, match="future"):
        record(made, TODAY + timedelta(days=1))
    with pytest.raises(NotReady, match="future"):
        correct(made, TODAY + timedelta(days=1))


def test_an_earlier_entry_must_be_a_correction() -> None:
    made = account("alpha")
    record(made)
    with pytest.raises(NotReady, match="2026-11-20"):
        record(made, date(2026, 11, 1))
    assert last_used(made) == DAY


class TestCorrecting:
    def test_it_goes_back_to_the_right_day(self) -> None:
        made = account("alpha", last_used_on=date(2026, 1, 1))
        record(made)
        event = correct(made, date(2026, 3, 3))
        assert last_used(made) == date(2026, 3, 3)
        assert event.data == {"day": "2026-03-03", "last_used_on": "2026-03-03"}
        assert LastUse.objects.get().before_on == date(2026, 1, 1)

    def test_it_goes_back_to_what_was_known_without_it(self) -> None:
        made = account("alpha", last_used_on=date(2026, 1, 1))
        record(made)
        record(made, TODAY)
        correct(made, None)
        assert last_used(made) == date(2026, 1, 1)
        assert not LastUse.objects.exists()

    def test_an_unknown_last_use_is_unknown_again(self) -> None:
        made = account("alpha", watched_from=date(2026, 1, 1))
        record(made)
        correct(made, None)
        assert Account.objects.get(pk=made.pk).last_use_is_unknown

    def test_never_behind_what_a_feed_said_meanwhile(self) -> None:
        made = account("alpha", last_used_on=date(2026, 1, 1))
        record(made)
        take(call(at="2026-11-10T10:00:00Z"))  # late, and behind the entry: it moved nothing then
        assert last_used(made) == DAY
        correct(made, None)
        assert last_used(made) == date(2026, 11, 10)

    def test_there_must_be_an_entry(self) -> None:
        with pytest.raises(NotReady, match="no entry"):
            correct(account("alpha"), None)

    def test_the_history_keeps_both(self) -> None:
        made = account("alpha")
        record(made)
        correct(made, None)
        verbs = Event.objects.filter(subject_id=made.pk).order_by("seq").values_list("verb", flat=True)
        assert list(verbs) == ["import", "record_use", "correct_use"]


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.CEGAL, Role.SERVICE_RESPONSIBLE])
def test_only_support(role: Role) -> None:
    with pytest.raises(NotAllowed):
        record(account("alpha"), role=role)


def test_a_reason_is_needed() -> None:
    with pytest.raises(NotReady, match="how you know"):
        record(account("alpha"), reason=" ")


@pytest.mark.parametrize("state", ["pending", "closed"])
def test_an_account_that_cannot_have_been_used(state: str) -> None:
    with pytest.raises(NotReady):
        record(account("alpha", state=state))
