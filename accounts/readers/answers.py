"""What the answer pages read: the open questions of one owner, and what somebody answered before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Bounce, BounceKind, Handover, HandoverState, Message, MessageState, Notice
from accounts.readers import paging

BY_NAME = paging.Order("client_id")
NOTICE_MAIL = "inactivity_notice"


@dataclass(frozen=True)
class Question:
    """One account that waits for an answer, with its notice."""

    account: Account
    notice: Notice | None


def questions(by: Actor, asked: Mapping[str, str]) -> tuple[list[Question], paging.Page[Account]]:
    """One page of the accounts that ``by`` owns and that wait for an answer, by client id. Two queries."""
    shown = paging.page(_waiting(by), BY_NAME, asked)
    return _with_notices(shown.rows), shown


def questions_about(by: Actor, ids: list[UUID]) -> list[Question]:
    """Those of the accounts ``ids`` that ``by`` owns, by client id, whatever became of them. Two queries."""
    rows = Account.objects.filter(owner_id=by.id, pk__in=ids).select_related("environment", "organisation", "owner")
    return _with_notices(list(rows.order_by("client_id", "pk")))


def others_waiting(by: Actor, but: UUID) -> int:
    """How many accounts of ``by`` wait for an answer besides ``but``. One query."""
    return _waiting(by).exclude(pk=but).count()


def said_not_mine(notice: Notice, email: str) -> Bounce | None:
    """What whoever has ``email`` said before: that the account is not theirs. One query."""
    said = Bounce.objects.filter(message__notice=notice, message__kind=NOTICE_MAIL, kind=BounceKind.NOT_MINE.value)
    return said.filter(message__to_email__iexact=email).select_related("message").first()


def others_can_answer(notice: Notice) -> bool:
    """Does a mail of ``notice`` that was delivered still stand? Then its answer period runs on. One query."""
    delivered = Message.objects.filter(notice=notice, kind=NOTICE_MAIL, state=MessageState.DELIVERED.value)
    return notice.answer_by is not None and delivered.exists()


def handover_of(notice: Notice) -> Handover | None:
    """The hand-over that answered ``notice``. One query."""
    return Handover.objects.filter(notice=notice).order_by("-asked_at").first()


def open_handover(account: Account) -> Handover | None:
    """The colleague who is asked to take ``account`` over now. One query."""
    return Handover.objects.filter(account=account, state=HandoverState.ASKED.value).first()


def offered_to(by: Actor) -> list[Handover]:
    """The accounts that ``by`` is asked to take over, the first to accept first. One query."""
    asked = Handover.objects.filter(to_email=by.email.lower(), state=HandoverState.ASKED.value)
    return list(asked.select_related("account__environment", "owner").order_by("accept_by", "pk")[:20])


def _waiting(by: Actor) -> QuerySet[Account]:
    waiting = Account.objects.filter(owner_id=by.id, state=AccountState.NOTIFIED.value)
    return waiting.select_related("environment", "organisation", "owner")


def _with_notices(accounts: list[Account]) -> list[Question]:
    running = Notice.objects.filter(account__in=accounts, outcome=NoticeOutcome.OPEN.value)
    by_account = {notice.account_id: notice for notice in running}
    return [Question(account, by_account.get(account.pk)) for account in accounts]
