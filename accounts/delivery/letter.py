"""A message with everything that its mail tells of, loaded for a whole batch at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Min, Q
from django.utils.translation import gettext_noop as _

from accounts.delivery.claim import Claim
from accounts.delivery.kinds import ASKS_FOR_ANSWER, kind_of
from accounts.lifecycle.states import Role
from accounts.models import (
    Account,
    Credential,
    Event,
    Message,
    Notice,
    Order,
    Person,
    Task,
    holders,
    unreachable_among,
)

ROLE_LOST = _("Not sent: this person does not hold the role any more, or was deactivated.")
DEACTIVATED = _("Not sent: this person was deactivated. If nobody else was told, find who answers for it now.")
UNREACHABLE = _("Not sent: mail to this address came back before. Support can say that it works again.")
NOTICE_OVER = _("Not sent: the inactivity notice was over before this could be sent.")


@dataclass(frozen=True)
class Letter:
    """One claimed message, its event, and the order or account that the event is about."""

    message: Message
    event: Event
    order: Order | None = None
    account: Account | None = None

    @property
    def notice(self) -> Notice | None:
        return self.message.notice

    @property
    def role(self) -> Role | None:
        """The staff role this is addressed to; None for everybody else and for a kind nobody knows."""
        try:
            return kind_of(self.message.kind, self.event).role
        except (KeyError, ValueError):
            return None

    @property
    def task(self) -> Task | None:
        """The task that the event opened, None where it opened none. One query."""
        return self.event.tasks.first()

    @property
    def collect_by(self) -> date | None:
        """The day by which the secret must be collected; None when nothing waits to be collected. One query."""
        waiting = Credential.objects.filter(destroyed_at__isnull=True, collect_by__isnull=False)
        mine = waiting.filter(self._of_order(self.order)) if self.order else waiting.filter(account=self.account)
        found: date | None = mine.aggregate(first=Min("collect_by"))["first"]
        return found

    @staticmethod
    def _of_order(order: Order) -> Q:
        """The accounts that an order is about: those it made, or the one that it concerns."""
        return Q(account=order.concerns_id) if order.concerns_id else Q(account__order=order)


def load(claim: Claim) -> list[Letter]:
    """The letters of a claim, the longest due first. One query a table, however many messages there are."""
    messages = list(claim.held().select_related("event").order_by("due_at", "pk"))
    notices = Notice.objects.in_bulk({message.notice_id for message in messages if message.notice_id})
    for message in messages:  # one object a notice: the second mail of a notice prints the day that the first one set
        message.notice = notices[message.notice_id] if message.notice_id else None
    orders = Order.objects.select_related("requester", "concerns__environment").prefetch_related("environments")
    accounts = Account.objects.select_related("environment", "organisation", "owner")
    about_order = orders.in_bulk(_ids(messages, Order.subject_type()))
    about_account = accounts.in_bulk(_ids(messages, Account.subject_type()))
    return [
        Letter(m, m.event, about_order.get(m.event.subject_id), about_account.get(m.event.subject_id)) for m in messages
    ]


def not_to_send(letters: Sequence[Letter], today: date) -> dict[UUID, str]:
    """Why a message should not go out any more, by its id: nobody is told of work that is not theirs.

    ``today`` (Europe/Oslo) says who is a deputy now.
    A reader of ``last_error`` may translate the sentence: it is one of this module's.
    """
    reasons = {
        letter.message.pk: NOTICE_OVER
        for letter in letters
        if letter.message.kind in ASKS_FOR_ANSWER and letter.notice is not None and not letter.notice.is_open
    }
    unreachable = unreachable_among({le.message.to_email for le in letters if le.message.kind in ASKS_FOR_ANSWER})
    for letter in letters:
        if letter.message.kind in ASKS_FOR_ANSWER and letter.message.to_email.lower() in unreachable:
            reasons.setdefault(letter.message.pk, UNREACHABLE)
    gone = _deactivated(letters)
    reasons |= {letter.message.pk: DEACTIVATED for letter in letters if letter.message.person_id in gone}
    for role, addressed in _by_role(letters).items():
        people = {letter.message.person_id for letter in addressed if letter.message.person_id}
        still = set(holders(role, today).filter(pk__in=people).values_list("pk", flat=True))
        reasons |= {le.message.pk: ROLE_LOST for le in addressed if le.message.person_id not in still}
    return reasons


def _ids(messages: Iterable[Message], subject_type: str) -> set[UUID]:
    return {message.event.subject_id for message in messages if message.event.subject_type == subject_type}


def _deactivated(letters: Sequence[Letter]) -> set[UUID | None]:
    """The people among the readers who may not sign in any more: no mail of ours is theirs to read."""
    readers = {letter.message.person_id for letter in letters if letter.message.person_id}
    return set(Person.objects.filter(pk__in=readers, is_active=False).values_list("pk", flat=True))


def _by_role(letters: Iterable[Letter]) -> dict[Role, list[Letter]]:
    found: dict[Role, list[Letter]] = defaultdict(list)
    for letter in letters:
        if letter.message.person_id is not None and letter.role is not None:
            found[letter.role].append(letter)
    return found
