"""The preview: it says what a run would do, writes nothing, and then the run does exactly that."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Account, Message, Notice
from tests.actions.checking import ONE_DAY, TODAY, due, entries, give_up
from tests.actions.tools import nothing_written
from tests.story import Story


def everything_due(story: Story) -> None:
    """Something of each kind that the check does, in an environment without and one with the brake on."""
    story.covered(TODAY - timedelta(days=900), TODAY)
    story.covered(TODAY - timedelta(days=900), TODAY, story.production)
    quiet = date(2025, 11, 22)
    lost = story.account(client_id="lost", last_used_on=quiet)
    list(entries(TODAY))
    give_up(lost)
    for number in range(2):
        story.account(client_id=f"new-{number}", last_used_on=quiet)
        due(story, f"due-{number}")
        used = due(story, f"used-{number}")
        Account.objects.filter(pk=used.pk).update(last_used_on=TODAY)
        reminded = due(story, f"reminded-{number}")
        Notice.objects.filter(account=reminded).update(answer_by=TODAY + ONE_DAY, reminded_on=None)
    for number in range(11):
        due(story, f"many-{number}", environment="production")


def test_it_writes_nothing_and_the_run_does_exactly_what_it_said(story: Story) -> None:
    everything_due(story)
    mails = Message.objects.count()
    with nothing_written():
        preview = entries(TODAY, dry_run=True)
    assert Message.objects.count() == mails
    assert {entry.kind for entry in preview} == {"notified", "reminded", "cleared", "suspended", "held"}
    assert {entry.reason for entry in preview} == {"", "mass_suspension", "notice_not_delivered"}
    assert entries(TODAY) == preview


def test_it_may_look_at_any_day(story: Story) -> None:
    story.account(client_id="quiet", last_used_on=date(2026, 6, 1))
    story.covered(date(2024, 1, 1), date(2030, 1, 1))
    with nothing_written():
        assert entries(date(2027, 6, 1), dry_run=True) == []
        (entry,) = entries(date(2027, 6, 2), dry_run=True)
    assert (entry.kind, entry.client_id) == ("notified", "quiet")


def test_it_needs_no_role(story: Story) -> None:
    """Looking is for whoever may see the page; only a run that writes is the portal's own."""
    story.covered(TODAY - timedelta(days=900), TODAY)
    story.account(client_id="quiet", last_used_on=date(2025, 11, 22))
    with nothing_written():
        assert len(entries(TODAY, dry_run=True, by=story.actor("support"))) == 1
