"""The policy's numbers: changed on record, within bounds, and never at the cost of a notice that runs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import inactivity
from accounts.actions.policy import change_policy
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.policy import BOUNDS, POLICY_NAMES, Policy, problems
from accounts.models import Event, Notice, PolicyNumber, PolicyRecord, current_policy, policy_record
from accounts.readers import history as chains
from tests.actions.tools import at_once, nothing_written
from tests.story import Story


def change(story: Story, by: str = "administrator", **numbers: Any) -> Event | None:
    said = {"comment": "The board decided so.", "seen": None} | {
        name: numbers.pop(name) for name in ("comment", "seen") if name in numbers
    }
    return change_policy(numbers, by=story.actor(by), now=story.now, **said)


def test_the_defaults_are_within_their_bounds() -> None:
    assert problems(Policy()) == {}
    assert set(BOUNDS) == set(POLICY_NAMES)


def test_a_change_holds_at_once_and_is_on_record(story: Story) -> None:
    event = change(story, answer_days=45, target_support=4)
    assert event is not None
    assert current_policy() == Policy(answer_days=45, target_support=4)
    assert (event.subject_type, event.verb, event.actor_name) == ("policy", "change_policy", "Ada Admin")
    assert event.data == {"changed": {"answer_days": [30, 45], "target_support": [2, 4]}}
    assert event.comment == "The board decided so."
    second = change(story, answer_days=60)
    assert second is not None
    assert (second.seq, second.previous) == (2, event.hash)
    assert list(chains.verify(chains.Verified())) == []


def test_a_number_that_is_the_default_again_keeps_no_row(story: Story) -> None:
    change(story, answer_days=45, secret_days=7)
    change(story, **asdict(Policy()))
    assert current_policy() == Policy()
    assert not PolicyNumber.objects.exists()
    assert policy_record().version == 2


def test_nothing_different_writes_nothing(story: Story) -> None:
    with nothing_written():
        assert change(story, answer_days=30) is None


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"answer_days": 6}, "from 7 to 365"),
        ({"inactive_after_years": 11}, "from 1 to 10"),
        ({"mass_suspension_percent": 101}, "from 1 to 100"),
        ({"first_reminder_days": 30}, "within the answer period"),
        ({"second_reminder_days": 14}, "after the first"),
        ({"return_warning_days": 30}, "within the time to answer"),
        ({"patience": 1}, "no number called patience"),
    ],
)
def test_a_number_that_cannot_be_is_refused(story: Story, numbers: dict[str, int], said: str) -> None:
    with pytest.raises(NotReady, match=said), nothing_written():
        change(story, **numbers)


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_only_an_administrator_with_a_reason(story: Story, who: str) -> None:
    with nothing_written():
        with pytest.raises(NotAllowed):
            change(story, by=who, answer_days=45)
        with pytest.raises(NotReady, match="Write a reason"):
            change(story, comment=" ", answer_days=45)


def test_the_second_of_two_forms_is_told(story: Story) -> None:
    change(story, answer_days=45, seen=0)
    with pytest.raises(LostRace, match="Ada Admin changed this"), nothing_written():
        change(story, answer_days=60, seen=0)


def test_a_running_notice_keeps_its_answer_period(story: Story) -> None:
    account = story.account_in("notified")
    answer_by = Notice.objects.get(account=account).answer_by
    assert answer_by is not None
    change(story, answer_days=7, first_reminder_days=5, second_reminder_days=2)
    today = timezone.localdate(story.now)
    story.covered(today, today + timedelta(days=60))
    for day in range(1, 31):
        at = story.now + timedelta(days=day)
        kinds = {entry.kind for entry in inactivity.check(today=timezone.localdate(at), now=at)}
        assert "suspended" not in kinds, day
        assert Notice.objects.get(account=account).answer_by == answer_by
    at = story.now + timedelta(days=31)
    assert [e.kind for e in inactivity.check(today=timezone.localdate(at), now=at)] == ["suspended"]


def test_another_policy_is_asked_in_a_dry_run_alone(story: Story) -> None:
    today = timezone.localdate(story.now)
    story.account(last_used_on=today - timedelta(days=400))
    story.covered(today - timedelta(days=800), today)

    def kinds(policy: Policy | None) -> list[str]:
        return [e.kind for e in inactivity.check(today=today, now=story.now, dry_run=True, policy=policy)]

    with nothing_written():
        assert kinds(None) == ["notified"]
        assert kinds(Policy(inactive_after_years=2)) == []
        with pytest.raises(ValueError, match="dry run alone"):
            list(inactivity.check(today=today, now=story.now, policy=Policy()))


@pytest.mark.django_db(transaction=True)
def test_two_first_changes_at_once_and_one_holds() -> None:
    story = Story()
    two = story.actor("administrator")

    def work(place: int) -> Event | None:
        numbers = {"answer_days": 40 + place}
        return change_policy(numbers, by=two, now=story.now, comment="Now.", seen=0)

    answers = at_once(2, work)
    won = [answer for answer in answers if isinstance(answer, Event)]
    assert len(won) == 1, answers
    assert PolicyRecord.objects.get().version == 1
    assert current_policy().answer_days == won[0].data["changed"]["answer_days"][1]
