"""The answer "it is not mine": whoever was asked about an account says that they do not answer for it.

They then count as somebody who was not asked: the notice goes on with the others, or to its next contact, and
Support looks for who answers for the account (docs/adr/0050-answers-to-a-notice.md).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actions import bounces, contacts
from accounts.actions.engine import Owed
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, NoticeOutcome, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Bounce, BounceKind, Event, Message, MessageState, Notice

_OWED = Owed((Tell("account_not_mine", Audience.SUPPORT),), (TaskKind.FIND_CONTACT,))
_SAID = _("Answered: the account is not theirs.")


def not_mine(account: Account, *, by: Actor, now: datetime, comment: str) -> Event:
    """Whoever got the notice (``by``, by a link or signed in) says that ``account`` is not theirs, with a reason.

    Raises NotAllowed for a link of another account, NotReady for no reason, when no notice is open, when it was not
    sent to them, or when they said so before; LostRace when the account changed meanwhile.
    """
    if by.kind is ActorKind.LINK and by.owns != account.pk:
        raise NotAllowed(_("This link is about another account."))
    if not comment.strip():
        raise NotReady(_("Write a reason. It is kept in the history and shown to the people concerned."))
    notice = Notice.objects.filter(account=account, outcome=NoticeOutcome.OPEN.value).first()
    if notice is None:
        raise NotReady(_("There is no open inactivity notice to answer."))
    message = _mail_to(notice, by.email)
    with transaction.atomic():
        said = {"kind": BounceKind.NOT_MINE.value, "at": now, "handled_at": now, "diagnostic": comment.strip()[:500]}
        said |= {"permanent": False, "status": ""}
        if not Bounce.objects.get_or_create(message=message, defaults=said)[1]:
            raise LostRace(_("You said already that this account is not yours. Support looks for who answers for it."))
        bounces.came_back(message, str(_SAID))
        data = {"to": message.to_email}
        return contacts.not_asked(account, notice, "not_mine", by=by, now=now, comment=comment, owed=_OWED, data=data)


def _mail_to(notice: Notice, email: str) -> Message:
    """The notice's mail to ``email``; one that came back after all gives way to what its reader says."""
    mails = Message.objects.filter(notice=notice, kind=contacts.NOTICE_MAIL, to_email__iexact=email)
    message = mails.order_by("-created_at").first()
    if message is None:
        raise NotReady(_("You were not asked about this account, so there is nothing to answer."))
    if message.state == MessageState.GIVEN_UP.value:
        Bounce.objects.filter(message=message, handled_at__isnull=False).exclude(
            kind=BounceKind.NOT_MINE.value
        ).delete()
    return message
