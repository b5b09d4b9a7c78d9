"""What an account says of itself is what the daily check then does with it, and where each figure comes from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import inactivity
from accounts.lifecycle.explained import points, verdict
from accounts.lifecycle.explanation import Explanation
from accounts.lifecycle.inactivity import Action, HoldReason
from accounts.models import Account, Bounce, Feed, Hold, LastUse, Message, Notice, current_policy
from accounts.readers.explained import explained
from tests.actions.checking import AFTER, ANSWER_BY, ONE_DAY, TODAY, check, due
from tests.actions.test_forecast import world
from tests.story import Story

KINDS = {"notified": Action.NOTIFY, "reminded": Action.REMIND, "cleared": Action.CLEAR, "suspended": Action.SUSPEND,
         "held": Action.HOLD}  # fmt: skip


def told(account: Account, today: date = TODAY) -> Explanation:
    return explained(Account.objects.get(pk=account.pk), current_policy(), today)


def said(account: Account, name: str, today: date = TODAY) -> list[str]:
    found = points(told(account, today), for_staff=True)
    return [str(sentence) for point in found if point.name == name for sentence in point.said]


@pytest.mark.parametrize("seed", range(3))
def test_each_account_says_what_the_check_would_do(story: Story, seed: int) -> None:
    world(story, seed, TODAY)
    for day in (TODAY, TODAY + timedelta(days=12), TODAY + timedelta(days=40)):
        would = {
            entry.account_id: (KINDS[entry.kind], entry.reason, str(entry.detail))
            for entry in inactivity.check(today=day, now=story.now, dry_run=True)
        }
        for account in Account.objects.all():
            decision = told(account, day).verdict
            reason = decision.reason.value if decision.reason else ""
            if account.pk in would:
                assert (decision.action, reason, str(decision.why)) == would[account.pk], account.client_id
            else:
                assert decision.action is Action.NOTHING, account.client_id


def test_the_explanation_follows_the_account(story: Story) -> None:
    story.covered(TODAY - timedelta(days=900), TODAY)
    account = story.account(client_id="quiet", last_used_on=TODAY - timedelta(days=366))
    assert told(account).verdict.action is Action.NOTIFY
    assert told(account, TODAY - ONE_DAY).verdict.action is Action.NOTHING
    check(TODAY)
    assert str(verdict(told(account, AFTER))).startswith("Not suspended. The notice is waiting to be delivered")
    story.deliver(account)
    assert told(account, ANSWER_BY).verdict.action is Action.REMIND
    assert told(account, AFTER).verdict.reason is HoldReason.FEED_NOT_CURRENT
    assert told(account, AFTER).first(Action.SUSPEND) == AFTER + ONE_DAY, "when the late feed has come"
    story.do(Account.objects.get(pk=account.pk), "keep", "ingrid", comment="We need it.")
    assert said(account, "last_activity")[0] == "2026-11-23: somebody answered that it is still needed."
    assert said(account, "notice") == ["None is open. Ingrid Solheim answered the last one, opened on 2026-11-23."]


@pytest.mark.parametrize("state", ["pending", "active", "notified", "suspended", "closed"])
def test_every_state_explains_itself(story: Story, state: str) -> None:
    account = story.account_in(state)
    found = told(account)
    assert str(verdict(found))
    assert all(str(sentence) for point in points(found, for_staff=True) for sentence in point.said)


def test_unknown_use_is_counted_from_the_first_report_and_is_not_never_used(story: Story) -> None:
    unknown = story.account(last_used_on=None, watched_from=TODAY, stated_through=None)
    never = story.account(last_used_on=None, activated_on=TODAY - timedelta(days=30))
    assert said(unknown, "last_use")[0].startswith("Unknown: nobody has reported")
    assert said(never, "last_use") == ["Never: nobody has reported a successful call."]
    assert said(unknown, "last_activity")[0].startswith("2026-11-23: the portal began to watch its use")
    story.covered(TODAY - timedelta(days=10), TODAY - ONE_DAY)
    later = TODAY + timedelta(days=5)
    story.covered(TODAY + ONE_DAY, later)  # a day is missing: the watch begins anew
    assert told(unknown, later).facts.last_activity_on == TODAY + ONE_DAY


def test_a_last_use_names_who_told_of_it(story: Story) -> None:
    feed = Feed.objects.create(environment=story.test, kind="api", name="Gateway", created_at=story.now)
    account = story.account(last_used_on=TODAY - timedelta(days=3))
    assert said(account, "last_use") == ["2026-11-20, as the import of the account said."]
    LastUse.objects.create(
        account=account, feed=feed, day=TODAY - timedelta(days=3), figure="calls", received_at=story.now
    )
    assert said(account, "last_use") == [
        "2026-11-20, read from successful calls, by the feed “Gateway”, received on 2026-11-23."
    ]


def test_the_silent_periods_unknown_days_are_named(story: Story) -> None:
    last = TODAY - timedelta(days=400)
    account = story.account(last_used_on=last, stated_through=None)
    story.covered(last, TODAY - timedelta(days=101))
    story.covered(TODAY - timedelta(days=90), TODAY - timedelta(days=50))
    story.covered(TODAY - timedelta(days=48), TODAY - ONE_DAY)
    assert said(account, "unknown_days")[:2] == ["2026-08-15 to 2026-08-24.", "2026-10-05."]
    assert told(account).verdict.action is Action.NOTIFY
    assert told(account).first(Action.SUSPEND) is None


def test_the_mails_of_a_notice_are_told_as_they_went(story: Story) -> None:
    account = story.account_in("notified", technical_email="tor@nordsjo.example")
    mails = Message.objects.filter(notice__account=account)
    mails.filter(to_email=story.ingrid.email).update(state="delivered", delivered_at=story.now)
    bounced = mails.get(to_email="tor@nordsjo.example")
    mails.filter(pk=bounced.pk).update(state="given_up")
    Bounce.objects.create(message=bounced, kind="bounced", at=story.now)
    assert sorted(said(account, "notice")[2:]) == [
        "Notice came back from tor@nordsjo.example on 2026-11-23.",
        "Notice delivered to ingrid@nordsjo.example on 2026-11-23.",
    ]
    mails.update(state="given_up", delivered_at=None)
    Notice.objects.update(delivered_on=None, answer_by=None)
    assert told(account).verdict.reason is HoldReason.NOTICE_NOT_DELIVERED


def test_the_brake_is_told_to_those_on_the_list_and_to_those_beside_it(story: Story) -> None:
    accounts = [due(story, f"due-{number:02}") for number in range(11)]
    beside = due(story, "beside", day=TODAY + timedelta(days=5))
    story.covered(TODAY - timedelta(days=900), TODAY)
    check(TODAY)
    assert told(accounts[0]).verdict.reason is HoldReason.MASS_SUSPENSION
    assert told(accounts[0]).decision.action is Action.SUSPEND
    assert said(accounts[0], "brake")[0].startswith("On, for this account too: the run of 2026-11-23")
    assert said(beside, "brake")[0].startswith("On in this environment, without this account")
    accounts[0].suspension_lists.update(confirmed_at=story.now, confirmed_by="Marte Lunde")
    assert told(accounts[0]).verdict.action is Action.SUSPEND


def test_a_hold_tells_who_why_and_until_when(story: Story) -> None:
    story.covered(TODAY - timedelta(days=900), TODAY)
    account = story.account(last_used_on=TODAY - timedelta(days=400))
    until = TODAY + timedelta(days=10)
    Hold.objects.create(account=account, until=until, reason="A campaign.", set_by="Marte", set_at=story.now)
    assert said(account, "hold") == ["Left alone through 2026-12-03. Marte: A campaign."]
    assert told(account).first(Action.NOTIFY) == until + ONE_DAY


def test_the_number_of_queries_does_not_grow(story: Story) -> None:
    def queries(account: Account) -> int:
        found: Any = Account.objects.get(pk=account.pk)
        with CaptureQueriesContext(connection) as captured:
            explained(found, current_policy(), TODAY)
        return len(captured)

    account = story.account_in("notified")
    few = queries(account)
    world(story, 2, TODAY)
    assert queries(account) == few <= 12
