"""The daily inactivity check: ask ``decide`` about every account that may be due, and do what it says.

It works in chunks; each chunk is one transaction. Asked again on the same day it changes nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.actions import brake, contacts, notices
from accounts.actions.lines import Progress, silent
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.inactivity import Action, Decision, HoldReason, InactivityFacts, NoticeFacts, cutoff, decide
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Environment, Hold, Message, MessageState, Notice, current_policy
from accounts.models.among import among
from accounts.models.watch import Watch, watches

CHUNK = 1000
KINDS = ("notified", "reminded", "cleared", "suspended", "held")
_LOOKED_AT = (
    "version", "state", "state_since", "client_id", "environment_id", "technical_name", "technical_email",
    "last_activity_on", "last_used_on", "watched_from", "kept_on", "reactivated_on", "stated_through",
    "owner__email", "owner__name", "owner__language",
)  # fmt: skip
_KIND_OF = {
    Action.NOTIFY: "notified",
    Action.REMIND: "reminded",
    Action.CLEAR: "cleared",
    Action.SUSPEND: "suspended",
    Action.HOLD: "held",
}


@dataclass(frozen=True)
class Entry:
    """One line of what a check did, or in a dry run would do; ``reason`` is set for ``held``."""

    kind: str
    account_id: UUID
    client_id: str
    environment: str
    last_activity_on: date
    reason: str
    detail: Sentence


@dataclass(frozen=True)
class Finding:
    """An account, what was known of it, and what was decided about it."""

    account: Account
    notice: Notice | None
    decision: Decision
    facts: InactivityFacts

    def entry(self) -> Entry:
        reason = self.decision.reason.value if self.decision.reason else ""
        return Entry(
            _KIND_OF[self.decision.action], self.account.pk, self.account.client_id, self.account.environment.name,
            self.facts.last_activity_on, reason, self.decision.why,
        )  # fmt: skip

    def under(self, policy: Policy, today: date) -> Finding:
        """The same under a policy that changed while the check ran.

        Nobody is suspended who was not due when the run counted them for the brake: that is left to the next run.
        """
        decision = decide(self.facts, policy, today)
        if decision.action is Action.SUSPEND:
            if self.decision.action in (Action.SUSPEND, Action.HOLD):
                return self
            decision = replace(decision, action=Action.NOTHING)
        return replace(self, decision=decision)


@dataclass(frozen=True)
class Check:
    """What one run works with: its day, the policy at its start, the environments and the watch of each, read once."""

    today: date
    now: datetime
    by: Actor
    policy: Policy
    watches: dict[UUID, Watch]
    environments: dict[UUID, Environment] = field(default_factory=dict)

    def find(self, account: Account, notice: Notice | None, hold: Hold | None) -> Finding:
        held_until = hold.until if hold else None
        facts = self.watches.get(account.environment_id, Watch()).facts(account, _facts(notice), held_until)
        return Finding(account, notice, decide(facts, self.policy, self.today), facts)


def check(
    *,
    today: date,
    now: datetime,
    by: Actor = SYSTEM,
    dry_run: bool = False,
    progress: Progress = silent,
    policy: Policy | None = None,
) -> Iterator[Entry]:
    """Run the check for ``today`` (a day in Europe/Oslo) and give its entries as they are done.

    First the notified accounts (cleared, reminded, suspended, held), then the active ones (notified, held).
    ``dry_run`` decides and changes nothing. Nothing is kept in memory but one chunk. ``progress`` is told after
    each chunk, outside its transaction, how many accounts were looked at. ``policy`` asks, in a dry run alone, what
    another policy than that in force would do.
    """
    if policy is not None and not dry_run:
        raise ValueError("another policy is for a dry run alone")
    run = Check(today, now, by, policy or current_policy(), watches(), Environment.objects.in_bulk())
    too_many = _environments_to_brake(run)
    if not dry_run:
        brake.keep_lists(too_many, today=today, now=now)
    progress("check", 0, _notified().count() + Account.objects.active_past(cutoff(run.policy, today)).count())
    for chunk in _with_notices(_notified(), run):
        yield from _act([brake.hold_if(finding, too_many, run.today) for finding in chunk], run, dry_run)
        progress("check", len(chunk))
    for chunk in _active(run):
        yield from _act(chunk, run, dry_run)
        progress("check", len(chunk))
        chunk.clear()  # before the next one is read


def _act(findings: Sequence[Finding], run: Check, dry_run: bool) -> Iterator[Entry]:
    if not dry_run and (policy := current_policy()) != run.policy:  # an administrator changed it during the run
        findings, run = [finding.under(policy, run.today) for finding in findings], replace(run, policy=policy)
    found = [finding for finding in findings if finding.decision.action is not Action.NOTHING]
    done = {finding.account.pk for finding in found} if dry_run else _carry_out(found, run)
    yield from (finding.entry() for finding in found if finding.account.pk in done)


def _carry_out(found: Sequence[Finding], run: Check) -> set[UUID]:
    """Do what was decided, in sets; give the accounts for which it was still true in the database."""
    done: set[UUID] = set()
    for action, verb in notices.VERBS.items():
        of_kind = [(f.account, f.notice) for f in found if f.decision.action is action]
        if of_kind:
            done |= verb(of_kind, policy=run.policy, today=run.today, by=run.by, now=run.now)
    held = [finding for finding in found if finding.decision.action is Action.HOLD]
    undelivered = [f for f in held if f.decision.reason is HoldReason.NOTICE_NOT_DELIVERED]
    notices.ask_for_contact([(f.account, f.notice) for f in undelivered], by=run.by, now=run.now)
    return done | {finding.account.pk for finding in held}


def _environments_to_brake(run: Check) -> dict[UUID, brake.Brake]:
    """The environments in which this run would suspend too many, with how many it may."""
    if not _overdue(run).exists():
        return {}
    due, unconfirmed = Counter[UUID](), set[UUID]()
    confirmed = brake.confirmed_accounts()
    for finding in _suspensions(run):
        due[finding.account.environment_id] += 1
        if not brake.is_confirmed(finding, confirmed):
            unconfirmed.add(finding.account.environment_id)
    asked = {environment: number for environment, number in due.items() if environment in unconfirmed}
    return brake.brakes(asked, run.policy, confirmed, lambda: _suspensions(run))


def _suspensions(run: Check) -> Iterator[Finding]:
    for chunk in _with_notices(_overdue(run), run):
        yield from (finding for finding in chunk if finding.decision.action is Action.SUSPEND)


def _notified() -> QuerySet[Account]:
    return Account.objects.filter(state=AccountState.NOTIFIED.value)


def _overdue(run: Check) -> QuerySet[Account]:
    """The notified accounts whose answer period is over: only they can be suspended."""
    over = Notice.objects.filter(account=OuterRef("pk"), outcome=NoticeOutcome.OPEN.value, answer_by__lt=run.today)
    return _notified().filter(Exists(over))


def _with_notices(accounts: QuerySet[Account], run: Check) -> Iterator[list[Finding]]:
    """Notified accounts, each with its open notice, in chunks by (since when, key)."""
    for chunk in _in_chunks(accounts, "state_since", run):
        running = _open_notices().filter(among("account_id", [account.pk for account in chunk]))
        by_account = {notice.account_id: notice for notice in running}
        held = _held(chunk, run)
        yield [run.find(account, by_account.get(account.pk), held.get(account.pk)) for account in chunk]


def _active(run: Check) -> Iterator[list[Finding]]:
    """The active accounts whose last activity lies more than a year back, in chunks by (last activity, key)."""
    accounts = Account.objects.active_past(cutoff(run.policy, run.today))
    for chunk in _in_chunks(accounts, "last_activity_on", run):
        held = _held(chunk, run)
        yield [run.find(account, None, held.get(account.pk)) for account in chunk]


def _held(chunk: Sequence[Account], run: Check) -> dict[UUID, Hold]:
    return Hold.objects.by_account([account.pk for account in chunk], run.today)


def _in_chunks(accounts: QuerySet[Account], column: str, run: Check) -> Iterator[list[Account]]:
    """The accounts in the order of (column, key), a chunk at a time; doing one does not move the next.

    With owner and environment, but only what the check looks at: the columns cost more than the rules.
    """
    accounts = accounts.select_related("owner").only(*_LOOKED_AT).order_by(column, "pk")
    after = Q()
    while chunk := list(accounts.filter(after)[:CHUNK]):
        end, key = getattr(chunk[-1], column), chunk[-1].pk
        after = Q(**{f"{column}__gte": end}) & (Q(**{f"{column}__gt": end}) | Q(pk__gt=key))
        for account in chunk:
            if (environment := run.environments.get(account.environment_id)) is not None:
                account.environment = environment
        yield chunk
        chunk.clear()


def _open_notices() -> QuerySet[Notice]:
    """Open notices with ``waiting``: is one of their mails still on its way or delivered?"""
    sent = Message.objects.filter(notice=OuterRef("pk"), kind=contacts.NOTICE_MAIL)
    waiting = Exists(sent.exclude(state=MessageState.GIVEN_UP.value))
    return Notice.objects.filter(outcome=NoticeOutcome.OPEN.value).annotate(waiting=waiting)


def _facts(notice: Any) -> NoticeFacts | None:
    return notice.facts(undeliverable=not notice.waiting) if notice is not None else None
