"""Mails that came back: the address, the notice's next contact, and the answer period that starts anew."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.actions import answers, bounces, contacts
from accounts.actions.bounces import Taken
from accounts.gateways.reports import Report
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import (
    Account,
    Bounce,
    BounceKind,
    Event,
    Message,
    MessageState,
    Notice,
    PolicyNumber,
    Task,
    UnreachableAddress,
)
from tests.actions.checking import TODAY, at, check, notice_of
from tests.actions.test_answers import link_to
from tests.actions.tools import INGRID, MARTE, TOR, at_once, history, nothing_written
from tests.story import Story

KARI = "kari@nordsjo.example"


@pytest.fixture
def account(story: Story) -> Account:
    """An account that the check of today notified; its mails are queued."""
    story.covered(TODAY - timedelta(days=500), TODAY + timedelta(days=500))
    made = story.account(last_used_on=TODAY - timedelta(days=400), technical_email=TOR)
    assert check(TODAY)["notified"] == [made.client_id]
    return Account.objects.get(pk=made.pk)


def colleague(story: Story, email: str = KARI) -> None:
    """Somebody who owns another account of the organisation."""
    story.account(owner=story.person(email, "Kari Owner"), last_used_on=TODAY)


def mail(account: Account, email: str) -> Message:
    return Message.objects.get(notice__account=account, kind="inactivity_notice", to_email=email)


def delivered(account: Account, email: str, on: date = TODAY) -> None:
    """The post room's stamp: the mail server accepted it."""
    Message.objects.filter(pk=mail(account, email).pk).update(state="delivered", delivered_at=at(on))
    rows = Notice.objects.filter(account=account, delivered_on__isnull=True)
    rows.update(delivered_on=on, answer_by=on + timedelta(days=30))


def refused(account: Account, email: str, status: str = "5.1.1", now: datetime | None = None) -> dict[str, int]:
    """The mail server refused it at once, and what follows was done."""
    message = mail(account, email)
    Message.objects.filter(pk=message.pk).update(state=MessageState.GIVEN_UP.value)
    Bounce.objects.create(
        message=message, kind="refused", at=now or at(TODAY), status=status, diagnostic="No such user"
    )
    return bounces.follow(now=now or at(TODAY))


def report(message: Message, status: str = "5.1.1") -> Report:
    return Report(message.pk, frozenset({message.to_email}), status, "smtp; 550 no such user")


def test_the_technical_contacts_delivery_of_day_one_counts_when_the_owners_bounces(account: Account) -> None:
    delivered(account, INGRID)
    delivered(account, TOR, TODAY + timedelta(days=1))
    assert bounces.take_in(report(mail(account, INGRID)), now=at(TODAY + timedelta(days=3))) is Taken.RECORDED
    notice = notice_of(account)
    assert notice.delivered_on == TODAY + timedelta(days=1)
    assert notice.answer_by == TODAY + timedelta(days=31)
    assert history(account)[-1] == "notice_bounced"
    assert UnreachableAddress.objects.get().email == INGRID
    assert Task.objects.get(account=account, done_at=None).kind == "find_contact"
    assert mail(account, INGRID).state == "given_up"


def test_the_period_is_never_shortened(account: Account) -> None:
    delivered(account, INGRID)
    delivered(account, TOR, TODAY + timedelta(days=1))
    PolicyNumber.objects.create(name="answer_days", value=15)
    PolicyNumber.objects.create(name="first_reminder_days", value=10)
    bounces.take_in(report(mail(account, INGRID)), now=at(TODAY + timedelta(days=3)))
    assert notice_of(account).answer_by == TODAY + timedelta(days=30)


def test_when_nobody_else_had_it_the_period_is_taken_back_and_starts_with_the_next_contact(
    story: Story, account: Account
) -> None:
    colleague(story)
    delivered(account, INGRID)
    refused(account, TOR)
    third = TODAY + timedelta(days=3)
    bounces.take_in(report(mail(account, INGRID)), now=at(third))
    notice = notice_of(account)
    assert (notice.delivered_on, notice.answer_by, notice.reminded_on) == (None, None, None)
    event = Event.objects.filter(subject_id=account.pk).latest("seq")
    assert (event.verb, event.data) == ("notice_next_contact", {"to": KARI})
    assert mail(account, KARI).event_id == event.pk
    assert check(TODAY + timedelta(days=40)) == {}, "nobody is suspended before the next contact's period is over"
    delivered(account, KARI, third)
    assert check(third + timedelta(days=31))["suspended"] == [account.client_id]


def test_reminders_go_to_whoever_was_reached(story: Story, account: Account) -> None:
    colleague(story)
    refused(account, TOR)
    refused(account, INGRID)
    delivered(account, KARI)
    assert check(TODAY + timedelta(days=16))["reminded"] == [account.client_id]
    assert set(Message.objects.filter(kind="inactivity_reminder").values_list("to_email", flat=True)) == {KARI}


def test_somebody_whose_mail_is_still_on_its_way_is_waited_for(story: Story, account: Account) -> None:
    colleague(story)
    refused(account, INGRID)
    assert not Message.objects.filter(to_email=KARI).exists()
    assert notice_of(account).undeliverable_at is None
    refused(account, TOR)
    assert Message.objects.filter(to_email=KARI).exists()


def test_when_all_fail_support_is_told_once_and_the_account_is_held(story: Story, account: Account) -> None:
    refused(account, INGRID)
    refused(account, TOR)
    assert history(account)[-1] == "notice_not_delivered"
    told = Message.objects.filter(kind="notice_not_delivered")
    assert MARTE in set(told.values_list("to_email", flat=True))
    number = told.count()
    assert check(TODAY + timedelta(days=60))["held"] == [f"{account.client_id}: notice_not_delivered"]
    assert told.count() == number
    assert Task.objects.filter(account=account, done_at=None).count() == 1


@pytest.mark.parametrize("who", ["closed", "deactivated", "unreachable", "elsewhere"])
def test_whom_the_notice_does_not_go_on_to(story: Story, account: Account, who: str) -> None:
    person = story.person(KARI, "Kari")
    other = story.account(owner=person, last_used_on=TODAY)
    if who == "closed":
        story.do(other, "close", "support", comment="Not needed.")
    elif who == "deactivated":
        person.is_active = False
        person.save()
    elif who == "unreachable":
        UnreachableAddress.objects.create(email=KARI, since=at(TODAY), kind="bounced")
    else:
        Account.objects.filter(pk=other.pk).update(organisation=_elsewhere())
    refused(account, INGRID)
    refused(account, TOR)
    assert not Message.objects.filter(to_email=KARI, kind="inactivity_notice").exists()


def _elsewhere() -> object:
    from accounts.models import Organisation

    return Organisation.objects.create(number="974760673", name="Elsewhere AS")


def test_each_contact_is_asked_once(story: Story, account: Account) -> None:
    colleague(story)
    colleague(story, "ola@nordsjo.example")
    for email in (INGRID, TOR):
        refused(account, email)
    for _round in range(2):
        waiting = Message.objects.filter(notice__account=account, state="queued", kind="inactivity_notice")
        refused(account, waiting.get().to_email)
    asked = list(
        Message.objects.filter(notice__account=account, kind="inactivity_notice").values_list("to_email", flat=True)
    )
    assert sorted(asked) == sorted({INGRID, TOR, KARI, "ola@nordsjo.example"})
    assert notice_of(account).undeliverable_at is not None


def test_a_report_fed_twice_changes_nothing_more(account: Account) -> None:
    delivered(account, INGRID)
    message = mail(account, INGRID)
    assert bounces.take_in(report(message), now=at(TODAY)) is Taken.RECORDED
    with nothing_written():
        assert bounces.take_in(report(message), now=at(TODAY)) is Taken.KNOWN
        assert bounces.follow(now=at(TODAY)) == {}


def test_a_forged_report_changes_nothing(account: Account) -> None:
    message = mail(account, INGRID)
    with nothing_written():
        assert bounces.take_in(Report(account.pk, frozenset({INGRID}), "5.1.1", ""), now=at(TODAY)) is Taken.UNKNOWN
        assert bounces.take_in(Report(message.pk, frozenset({TOR}), "5.1.1", ""), now=at(TODAY)) is Taken.UNKNOWN


def test_another_kind_of_mail_marks_the_address_and_touches_no_notice(story: Story, account: Account) -> None:
    delivered(account, INGRID)
    before, seen = notice_of(account).answer_by, history(account)
    story.order_in("support")
    other = Message.objects.get(kind="order_received", to_email=INGRID)
    assert bounces.take_in(report(other), now=at(TODAY)) is Taken.RECORDED
    assert UnreachableAddress.objects.get().since is not None
    assert (notice_of(account).answer_by, history(account)) == (before, seen)


@pytest.mark.parametrize("ended", ["answered", "suspended"])
def test_a_bounce_after_the_end_changes_nothing_but_the_address(story: Story, account: Account, ended: str) -> None:
    delivered(account, INGRID)
    if ended == "answered":
        story.do(account, "keep", "ingrid", comment="Needed.")
    else:
        assert check(TODAY + timedelta(days=31))["suspended"]
    row, seen = Notice.objects.filter(account=account).values().get(), history(account)
    assert bounces.take_in(report(mail(account, INGRID)), now=at(TODAY + timedelta(days=32))) is Taken.RECORDED
    assert Notice.objects.filter(account=account).values().get() == row
    assert history(account) == seen
    assert UnreachableAddress.objects.get().email == INGRID


@pytest.mark.parametrize("status", ["5.7.1", "4.4.7"])
def test_what_is_not_about_the_address_marks_none_but_reached_nobody(account: Account, status: str) -> None:
    delivered(account, INGRID)
    bounces.take_in(report(mail(account, INGRID), status), now=at(TODAY))
    assert not UnreachableAddress.objects.exists()
    assert notice_of(account).delivered_on is None


def test_mail_that_arrives_again_takes_the_mark_away(account: Account) -> None:
    refused(account, INGRID)
    UnreachableAddress.objects.update(arrived_at=at(TODAY))
    assert bounces.follow(now=at(TODAY)) == {"works_again": 1}
    address = UnreachableAddress.objects.get()
    assert address.since is None
    verbs = list(Event.objects.filter(subject_id=address.pk).order_by("seq").values_list("verb", flat=True))
    assert verbs == ["mail_came_back", "mail_arrives"]


def test_support_alone_clears_an_address(story: Story, account: Account) -> None:
    refused(account, INGRID)
    address = UnreachableAddress.objects.get()
    with pytest.raises(NotAllowed), nothing_written():
        bounces.clear(address, by=story.actor("ingrid"), now=at(TODAY))
    bounces.clear(address, by=story.actor("support"), now=at(TODAY), comment="They wrote to us.")
    with pytest.raises(LostRace):
        bounces.clear(address, by=story.actor("support"), now=at(TODAY))


def test_all_or_none(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered(account, INGRID)
    message = mail(account, INGRID)

    def fail(*_args: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(contacts, "_count_anew", fail)
    with pytest.raises(RuntimeError), nothing_written():
        bounces.take_in(report(message), now=at(TODAY))


@pytest.mark.django_db(transaction=True)
def test_two_bounces_of_one_notice_at_the_same_moment_ask_the_next_contact_once(story: Story, account: Account) -> None:
    colleague(story)
    for email in (INGRID, TOR):
        delivered(account, email)
    reports = [report(mail(account, email)) for email in (INGRID, TOR)]
    taken = at_once(2, lambda place: bounces.take_in(reports[place], now=at(TODAY)))
    assert taken == [Taken.RECORDED, Taken.RECORDED]
    assert Message.objects.filter(kind="inactivity_notice", to_email=KARI).count() == 1
    assert history(account).count("notice_next_contact") == 1
    assert notice_of(account).delivered_on is None


def test_whoever_says_not_mine_counts_as_not_asked(story: Story, account: Account) -> None:
    colleague(story)
    delivered(account, INGRID)
    refused(account, TOR)
    event = answers.not_mine(account_now(account), by=link_to(account), now=at(TODAY), comment="I left in May.")
    assert (event.verb, event.comment, event.actor_kind) == ("not_mine", "I left in May.", "link")
    assert history(account)[-2:] == ["not_mine", "notice_next_contact"]
    assert notice_of(account).delivered_on is None
    assert MARTE in set(Message.objects.filter(kind="account_not_mine").values_list("to_email", flat=True))
    assert Task.objects.get(account=account, done_at=None).kind == "find_contact"
    assert not UnreachableAddress.objects.filter(email=INGRID).exists()
    assert Bounce.objects.get(message=mail(account, INGRID)).kind == BounceKind.NOT_MINE


def test_not_mine_of_one_of_two_leaves_the_period_with_the_other(account: Account) -> None:
    delivered(account, INGRID)
    delivered(account, TOR)
    before = notice_of(account).answer_by
    answers.not_mine(account, by=link_to(account, TOR), now=at(TODAY), comment="Not my system.")
    assert notice_of(account).answer_by == before
    assert history(account)[-1] == "not_mine"


def test_not_mine_is_said_once_with_a_reason_by_somebody_who_was_asked(story: Story, account: Account) -> None:
    delivered(account, INGRID)
    for by, comment in ((link_to(account), " "), (story.actor("stranger"), "Why me?")):
        with pytest.raises(NotReady), nothing_written():
            answers.not_mine(account, by=by, now=at(TODAY), comment=comment)
    answers.not_mine(account, by=story.actor("ingrid"), now=at(TODAY), comment="I moved.")
    with pytest.raises(LostRace), nothing_written():
        answers.not_mine(account_now(account), by=link_to(account), now=at(TODAY), comment="Again.")
    story.do(account_now(account), "keep", "ingrid", comment="It is mine after all.")
    with pytest.raises(NotReady):
        answers.not_mine(account_now(account), by=link_to(account), now=at(TODAY), comment="Again.")


def account_now(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def test_what_came_back_without_being_sent_does_not_mark_the_address(account: Account) -> None:
    message = mail(account, INGRID)
    Message.objects.filter(pk=message.pk).update(state="given_up")
    Bounce.objects.create(message=message, kind="gone", at=at(TODAY), diagnostic="deactivated")
    assert bounces.follow(now=timezone.now()) == {"bounced": 1}
    assert not UnreachableAddress.objects.exists()
    assert history(account)[-1] == "notice_bounced"
    assert Event.objects.filter(subject_id=account.pk).latest("seq").actor_kind == SYSTEM.kind.value
