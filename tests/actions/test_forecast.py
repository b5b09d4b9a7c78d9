"""The forecast says what the daily checks then really do, on every day and for every account: both are run.

The forecast only reads, so the database it read is the copy: the real checks, and the real post room, then go through
the same days with their clock set to them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from accounts import delivery
from accounts.actions import brake, inactivity
from accounts.lifecycle.inactivity import Action
from accounts.lifecycle.policy import Policy
from accounts.models import (
    Account,
    Coverage,
    Environment,
    Event,
    Hold,
    Message,
    MessageState,
    Notice,
    PolicyNumber,
    SuspensionList,
    current_policy,
)
from accounts.readers.forecast import AHEAD, KINDS, Forecast, Question
from tests.actions.checking import ONE_DAY, at, due
from tests.servers import ON_POSTGRES
from tests.story import Story

Day = dict[str, set[str]]


def days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def foretold(question: Question) -> dict[date, Day]:
    """What the forecast says, by day: the client ids of each kind; held ones with the reason, on each day."""
    forecast = Forecast(question)
    names = dict(Account.objects.values_list("pk", "client_id"))
    found: dict[date, Day] = {day: defaultdict(set) for day in days(question.today, question.last)}
    held: dict[str, tuple[date, str]] = {}

    def stop(name: str, day: date) -> None:
        if name in held:
            since, reason = held.pop(name)
            for one in days(since, day - ONE_DAY):
                found[one]["held"].add(f"{name}: {reason}")

    for step in forecast.steps():
        name = names[step.life.key]
        stop(name, step.day)
        if step.action is Action.HOLD:
            assert step.reason is not None
            held[name] = (step.day, step.reason.value)
        elif step.action is not Action.NOTHING:
            found[step.day][KINDS[step.action]].add(name)
    for name in list(held):
        stop(name, question.last + ONE_DAY)
    return found


def lived(question: Question) -> dict[date, Day]:
    """What really happens: each day the feeds, the check and the post room, with their clock set to that day."""
    found: dict[date, Day] = {}
    first = {one.pk: _begins(one, question.today) for one in Environment.objects.all()}
    for day in days(question.today, question.last):
        if not question.feeds_stop:
            for environment, begins in first.items():
                feed(environment, begins, day - ONE_DAY)
        found[day] = run(day)
        deliver(day)
    return found


def _begins(environment: Environment, today: date) -> date:
    last = Coverage.objects.filter(environment=environment, accepted_by="").order_by("-last_day").first()
    return last.last_day + ONE_DAY if last else today


def feed(environment: Any, first: date, last: date) -> None:
    """The feed reports everything from its first missing day to ``last``."""
    if first <= last:
        Coverage.objects.update_or_create(
            environment_id=environment, source="forecast", first_day=first,
            defaults={"last_day": last, "received_at": at(last + ONE_DAY)},
        )  # fmt: skip


def run(day: date) -> Day:
    found: Day = defaultdict(set)
    for entry in inactivity.check(today=day, now=at(day)):
        found[entry.kind].add(f"{entry.client_id}: {entry.reason}" if entry.reason else entry.client_id)
    return found


def deliver(day: date) -> None:
    delivery.deliver_due(at(day, 6, 5))


def same(question: Question) -> dict[date, Day]:
    """Ask, then live; both must say the same of each day. Gives what happened."""
    said = foretold(question)
    really = lived(question)
    for day, happened in really.items():
        assert {k: v for k, v in said[day].items() if v} == {k: v for k, v in happened.items() if v}, day
    return really


def kinds(happened: dict[date, Day]) -> set[str]:
    """Every kind that occurred, held ones with the reason."""
    found: set[str] = set()
    for day in happened.values():
        for kind, names in day.items():
            found |= {f"held {name.split(': ')[1]}" if kind == "held" else kind for name in names}
    return found


def world(story: Story, seed: int, today: date) -> None:
    """Accounts of every sort in two environments: silent for long and for short, unknown, held, notified, refused."""
    dice = random.Random(seed)
    story.covered(today - timedelta(days=900), today - timedelta(days=dice.choice([1, 2, 12])), story.test)
    if dice.random() < 0.7:
        gap = dice.randint(40, 300)
        story.covered(today - timedelta(days=900), today - timedelta(days=gap + 3), story.production)
        story.covered(today - timedelta(days=gap), today - timedelta(days=1), story.production)
    for number in range(45):
        where = dice.choice([story.test, story.test, story.production])
        silent = today - timedelta(days=dice.choice([0, 200, 280, 330, 340, 364, 365, 366, 380, 500]))
        activated = today - timedelta(days=700)
        columns: dict[str, Any] = {"last_used_on": silent, "activated_on": activated, "stated_through": None}
        if dice.random() < 0.15:
            columns = {"last_used_on": None, "activated_on": activated, "watched_from": today - timedelta(days=390),
                       "stated_through": None}  # fmt: skip
        elif dice.random() < 0.4:
            columns["stated_through"] = today - timedelta(days=dice.randint(0, 30))
        account = story.account(client_id=f"client-{number:02}", environment=where, **columns)
        if dice.random() < 0.1:
            until = today + timedelta(days=dice.randint(0, 60))
            Hold.objects.create(account=account, until=until, reason="A campaign.", set_by="Marte", set_at=story.now)
    past(dice, today)


def past(dice: random.Random, today: date) -> None:
    """What happened before today: notices, some never delivered, some refused; late data."""
    for back in (35, 20, 3):
        day = today - timedelta(days=back)
        run(day)
        for message in Message.objects.filter(state=MessageState.QUEUED.value).order_by("pk"):
            if dice.random() < 0.2:
                Message.objects.filter(pk=message.pk).update(state=MessageState.GIVEN_UP.value)
        if back != 3:
            deliver(day)
    for account in Account.objects.filter(state="notified"):
        if dice.random() < 0.1:  # used after all: late data says so
            Account.objects.filter(pk=account.pk).update(last_used_on=today - timedelta(days=dice.randint(1, 100)))


@pytest.mark.parametrize("seed", range(1 if ON_POSTGRES else 2))
@pytest.mark.parametrize("feeds_stop", [False, True])
def test_a_forecast_is_what_happens(story: Story, seed: int, feeds_stop: bool) -> None:
    today = date(2026, 11, 23)
    world(story, seed, today)
    happened = same(Question(current_policy(), today, today + timedelta(days=20), feeds_stop=feeds_stop))
    assert {"notified", "suspended"} <= kinds(happened) or feeds_stop
    assert len(happened) == 20 + AHEAD


@pytest.mark.sqlite_only  # the days are the rules', whatever the database
@pytest.mark.parametrize(
    "today", [date(2027, 12, 20), date(2028, 2, 20), date(2027, 3, 20), date(2027, 10, 20)],
    ids=["over 29 February", "from before 29 February", "clocks go forward", "clocks go back"],
)  # fmt: skip
def test_over_odd_days_of_the_calendar(story: Story, today: date) -> None:
    story.now = at(today)
    story.covered(today - timedelta(days=900), today - ONE_DAY)
    for number in range(24):
        last_used = today - timedelta(days=366 - number * 4)
        story.account(client_id=f"client-{number:02}", last_used_on=last_used, activated_on=today - timedelta(days=800))
    happened = same(Question(current_policy(), today, today))
    assert kinds(happened) >= {"notified", "reminded", "suspended"}


def test_the_brake_holds_the_same_accounts(story: Story) -> None:
    today = date(2026, 11, 23)
    story.covered(today - timedelta(days=900), today - ONE_DAY)
    for number in range(25):  # all on one day, and a few on the days after
        silent = today - timedelta(days=400 if number < 14 else 360 - number)
        story.account(client_id=f"client-{number:02}", last_used_on=silent)
    happened = same(Question(current_policy(), today, today))
    assert "held mass_suspension" in kinds(happened)
    assert "suspended" not in kinds(happened)


def test_what_a_person_confirmed_goes_through_and_lets_the_rest_follow(story: Story) -> None:
    """Eleven wait, five of them on a confirmed list: these go first, and then six are not too many any more."""
    today = date(2026, 11, 23)
    accounts = [due(story, f"client-{number:02}") for number in range(11)]
    story.covered(today - timedelta(days=900), today)
    confirmed = SuspensionList.objects.create(
        environment=story.test, run_on=today, allowed=10, created_at=story.now, confirmed_at=story.now,
        confirmed_by="Marte Lunde",
    )  # fmt: skip
    confirmed.accounts.set(accounts[:5])
    happened = same(Question(current_policy(), today, today))
    assert len(happened[today]["suspended"]) == 5
    assert len(happened[today + ONE_DAY]["suspended"]) == 6


def test_a_hold_ends_and_is_followed_by_a_whole_notice(story: Story) -> None:
    today = date(2026, 11, 23)
    story.covered(today - timedelta(days=900), today - ONE_DAY)
    account = story.account(client_id="held", last_used_on=today - timedelta(days=400))
    until = today + timedelta(days=10)
    Hold.objects.create(account=account, until=until, reason="A campaign.", set_by="Marte", set_at=story.now)
    happened = same(Question(current_policy(), today, today))
    assert happened[until]["held"] == {"held: hold_by_support"}
    assert happened[until + ONE_DAY]["notified"] == {"held"}
    assert happened[until + timedelta(days=32)]["suspended"] == {"held"}


DRAWN = {
    9: {"notified", "reminded", "suspended", "held feed_not_current", "held notice_not_delivered"},
    10: {"cleared", "notified", "reminded", "suspended", "held mass_suspension", "held hold_by_support"},
    12: {"cleared"},  # two years: nobody is inactive any more
}
"""What happens at least in the world of each seed: so that nothing is compared with nothing."""


def drawn(dice: random.Random) -> dict[str, int]:
    """Some numbers of the policy, changed at random: every one that the procedure reads can be among them."""
    answer_days = dice.choice([10, 20, 40])
    numbers = {
        "answer_days": answer_days,
        "first_reminder_days": dice.randint(4, answer_days - 1),
        "second_reminder_days": dice.randint(1, 3),
        "inactive_after_years": dice.choice([1, 1, 2]),
        "feed_max_age_days": dice.choice([1, 3, 15]),
        "mass_suspension_least": dice.choice([1, 2, 4]),
        "mass_suspension_percent": dice.choice([3, 10, 30]),
    }
    kept = set(dice.sample(sorted(numbers), dice.randint(0, 2))) - {"answer_days", "first_reminder_days"}
    return {name: number for name, number in numbers.items() if name not in kept}


@pytest.mark.parametrize("seed", sorted(DRAWN)[: 1 if ON_POSTGRES else None])
def test_another_policy_does_what_it_would_do_if_it_were_in_force(story: Story, seed: int) -> None:
    """Drawn numbers over drawn worlds: gaps, holds that end, refused mails, late use, the brake, two environments."""
    today, dice = date(2026, 11, 23), random.Random(seed)
    world(story, seed, today)
    numbers = drawn(dice)
    question = Question(Policy(**numbers), today, today, feeds_stop=dice.random() < 0.25)
    said = foretold(question)
    for name, value in numbers.items():
        PolicyNumber.objects.create(name=name, value=value)
    assert current_policy() == question.policy
    really = lived(question)
    for day, happened in really.items():
        assert {k: v for k, v in said[day].items() if v} == {k: v for k, v in happened.items() if v}, (day, numbers)
    assert kinds(really) >= DRAWN[seed]


def test_asking_writes_nothing(story: Story) -> None:
    today = date(2026, 11, 23)
    world(story, 3, today)
    before = (Event.objects.count(), Notice.objects.count(), list(Account.objects.values_list("state", "version")))
    assert list(Forecast(Question(current_policy(), today, today)).steps())
    after = (Event.objects.count(), Notice.objects.count(), list(Account.objects.values_list("state", "version")))
    assert before == after
    assert brake.confirmed_accounts() == {}


def test_the_number_of_queries_does_not_grow(story: Story, django_assert_max_num_queries: Any) -> None:
    today = date(2026, 11, 23)
    world(story, 1, today)
    with django_assert_max_num_queries(7):
        list(Forecast(Question(current_policy(), today, today)).steps())
