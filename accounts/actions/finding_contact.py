"""Support found somebody to ask after an inactivity notice reached nobody: the notice goes again, to them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actions import contacts, engine, provider
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import NoticeOutcome, Role
from accounts.models import Account, Event, Notice, Person, Task, unreachable_among
from accounts.outbox import Recipient


def ask_contact(
    task: Task, *, name: str, email: str, from_now_on: bool, by: Actor, now: datetime, comment: str = ""
) -> Event:
    """Send the open notice of the task's account to somebody else, and close the task.

    ``from_now_on`` also names them as the account's technical contact. The answer period starts with the delivery.
    Raises NotAllowed for anybody but Support, NotReady when no notice is open any more or no mail reaches that
    address, LostRace when somebody changed the account meanwhile.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can do this."))
    address = email.strip().lower()
    if unreachable_among({address}):
        raise NotReady(_("Mail to %(email)s came back. Enter another address.", email=address))
    with transaction.atomic():
        account = Account.objects.select_related("owner", "environment").get(pk=task.account_id)
        notice = Notice.objects.filter(account=account, outcome=NoticeOutcome.OPEN.value).first()
        if notice is None:
            raise NotReady(_("No inactivity notice of this account is open any more, so there is nobody to ask."))
        if from_now_on:
            _name_technical_contact(account, name.strip(), address, by, now)
        contacts.ask(account, notice, _recipient(account, name.strip(), address), by=by, now=now, comment=comment)
        return provider.confirm(task, by=by, now=now, comment=comment)


def _recipient(account: Account, name: str, email: str) -> Recipient:
    known = Person.objects.filter(email__iexact=email, is_active=True).first()
    return Recipient.of(known) if known else Recipient(email, name, account.owner.language or "en")


def _name_technical_contact(account: Account, name: str, email: str, by: Actor, now: datetime) -> None:
    before = account.technical_email
    columns = {"technical_name": name, "technical_email": email}
    change = Change(columns=columns, data=lambda _account: {"from": before, "to": email})
    engine.note(account, "set_contact", by=by, now=now, change=change)
