"""One account explains itself: the facts of its check and where their figures come from, in a few queries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from django.db.models import Count, Max
from django.utils import timezone

from accounts.lifecycle.explanation import Brake, Explanation, Known, LastUse, Mail, Origin, explain
from accounts.lifecycle.forecast import FactsOf, Life
from accounts.lifecycle.inactivity import InactivityFacts
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState
from accounts.models import Account, Coverage, Hold, Message, MessageState, Notice, SuspensionList
from accounts.models.watch import Watch, fed, watch_of
from accounts.readers import feeds

NOTICE_MAIL = "inactivity_notice"
REMINDER_MAIL = "inactivity_reminder"
ONE_DAY = timedelta(days=1)


def explained(account: Account, policy: Policy, today: date) -> Explanation:
    """Why the check of ``today`` (Europe/Oslo) does, or does not do, something with ``account``. Eight queries."""
    watch = watch_of(account.environment_id)
    notices = list(Notice.objects.filter(account=account).order_by("-opened_on", "-closed_at"))
    running = next((notice for notice in notices if notice.is_open), None)
    mails = _mails(running)
    hold = Hold.objects.running(today).filter(account=account).first()
    notice = running.facts(undeliverable=not _is_asked(mails)) if running else None
    facts = _facts(account, watch, hold, today)
    life = Life(account.pk, account.environment_id, AccountState(account.state), notice)
    last_activity = facts(life, today).last_activity_on
    known = Known(
        days=_days(account),
        last_use=_last_use(account),
        use_is_unknown=account.last_use_is_unknown,
        received_on=_received_on(account),
        gaps=watch.unknown_after(max(last_activity, account.stated_through or last_activity)),
        held_by=hold.set_by if hold else "",
        held_because=hold.reason if hold else "",
        mails=tuple(_mail(mail) for mail in mails),
        last_notice=next(((one.opened_on, one.answered_by) for one in notices if not one.is_open), None),
        brake=_brake(account, running),
    )
    return explain(facts, known, life=life, policy=policy, today=today)


def _facts(account: Account, watch: Watch, hold: Hold | None, today: date) -> FactsOf:
    """The account as the check of a day sees it: today as it is, later with every day until then reported."""
    held_until = hold.until if hold else None
    begins = watch.feed_through + ONE_DAY if watch.feed_through else today

    def facts(life: Life, day: date) -> InactivityFacts:
        seen = fed(watch, begins, day - ONE_DAY) if day > today else watch
        if account.last_activity_on is None:  # never active: no rule looks at it
            return InactivityFacts(life.stands, day, day, seen.feed_through)
        return replace(seen.facts(account, life.notice, held_until), state=life.stands)

    return facts


def _days(account: Account) -> dict[Origin, date]:
    days = {
        Origin.LAST_USED: account.last_used_on,
        Origin.KEPT: account.kept_on,
        Origin.REACTIVATED: account.reactivated_on,
        Origin.ACTIVATED: account.activated_on,
    }
    return {origin: day for origin, day in days.items() if day is not None}


def _last_use(account: Account) -> LastUse | None:
    if account.last_used_on is None:
        return None
    said = feeds.who_said(account, feeds.told_of(account))
    if said is None:
        return LastUse(account.last_used_on)
    received_on = timezone.localdate(said.received_at)
    return LastUse(account.last_used_on, said.feed.name, said.figure, received_on)


def _received_on(account: Account) -> date | None:
    """The day on which the environment's usage was last received. One query."""
    reported = Coverage.objects.filter(environment=account.environment_id, accepted_by="")
    at = reported.aggregate(at=Max("received_at"))["at"]
    return timezone.localdate(at) if at else None


def _mails(running: Notice | None) -> list[Message]:
    """The mails of the open notice and its reminders, the oldest first. One query."""
    if running is None:
        return []
    of_notice = Message.objects.filter(notice=running, kind__in=(NOTICE_MAIL, REMINDER_MAIL))
    return list(of_notice.select_related("bounce").order_by("created_at", "pk"))


def _is_asked(mails: list[Message]) -> bool:
    """Is one of the notice's mails still on its way, or delivered?"""
    return any(mail.kind == NOTICE_MAIL and mail.state != MessageState.GIVEN_UP.value for mail in mails)


def _mail(mail: Message) -> Mail:
    bounce = getattr(mail, "bounce", None)
    state, at = ("bounced", bounce.at) if bounce is not None else (mail.state, mail.delivered_at)
    return Mail(mail.to_email, state, timezone.localdate(at) if at else None, mail.kind == REMINDER_MAIL)


def _brake(account: Account, running: Notice | None) -> Brake:
    """What the brake has to do with this account. Two queries, for a notified account alone."""
    if running is None:
        return Brake()
    of_environment = SuspensionList.objects.filter(environment=account.environment_id)
    waiting = of_environment.filter(confirmed_at__isnull=True).annotate(number=Count("accounts")).first()
    confirmed = account.suspension_lists.filter(confirmed_at__isnull=False, run_on__gt=running.answer_by or date.max)
    newest = confirmed.order_by("-run_on").first()
    confirmed_on = newest.run_on if newest else None
    if waiting is None:
        return Brake(confirmed_on=confirmed_on)
    has_it = waiting.accounts.filter(pk=account.pk).exists()
    return Brake(waiting.run_on, waiting.number, waiting.allowed, has_it, confirmed_on)
