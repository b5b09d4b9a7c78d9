"""What was and was not delivered: the page of the post room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Account, Message, MessageState, Order
from accounts.readers import paging
from accounts.readers.finding import contains

ALL = "all"
STATES = (MessageState.QUEUED, MessageState.GIVEN_UP, MessageState.DELIVERED)
COUNTED = (MessageState.QUEUED, MessageState.GIVEN_UP)
NEWEST_FIRST = paging.Order("created_at", falling=True)

KINDS = {
    "order_received": gettext_noop("Receipt of an order"),
    "order_to_triage": gettext_noop("New order for Support"),
    "order_to_approve": gettext_noop("Order to approve"),
    "order_escalated": gettext_noop("Order to approve, for the deputy"),
    "order_escalated_early": gettext_noop("Order to approve, for a deputy to come"),
    "order_escalated_copy": gettext_noop("Late approval, for Support"),
    "deputy_named": gettext_noop("Named as deputy"),
    "deputy_ended": gettext_noop("Not deputy any more"),
    "order_approved": gettext_noop("Order approved, for Support"),
    "order_approved_receipt": gettext_noop("Order approved"),
    "order_returned": gettext_noop("Order returned for more information"),
    "order_resubmitted": gettext_noop("Order sent again, for Support"),
    "order_to_set_up": gettext_noop("Order to set up, for Cegal"),
    "setup_completed": gettext_noop("Setup completed, for Support"),
    "order_handed_back": gettext_noop("Order handed back, for Support"),
    "credentials_issued": gettext_noop("Credentials ready to collect"),
    "order_handed_over": gettext_noop("Order handed over, for Support"),
    "message_to_support": gettext_noop("Message about an order, for Support"),
    "message_to_requester": gettext_noop("Message about an order"),
    "invited": gettext_noop("Invitation"),
    "role_changed": gettext_noop("Role given or ended"),
    "second_factor_reset": gettext_noop("Second factor taken away"),
    "order_rejected": gettext_noop("Order rejected"),
    "order_rejected_copy": gettext_noop("Order rejected, for Support"),
    "order_withdrawn": gettext_noop("Order withdrawn, for Support"),
    "order_expired": gettext_noop("Order withdrawn without an answer"),
    "order_expired_copy": gettext_noop("Order withdrawn without an answer, for Support"),
    "order_reassigned": gettext_noop("New requester of an order"),
    "order_reassigned_copy": gettext_noop("Former requester of an order"),
    "owner_named": gettext_noop("Named as the owner of an order’s accounts"),
    "owner_replaced": gettext_noop("No longer the owner of an order’s accounts"),
    "return_expiry_warning": gettext_noop("Warning before a returned order is withdrawn"),
    "stage_reminder": gettext_noop("Reminder of a late order"),
    "inactivity_notice": gettext_noop("Inactivity notice"),
    "inactivity_reminder": gettext_noop("Reminder of an inactivity notice"),
    "notice_not_delivered": gettext_noop("Inactivity notice reached nobody, for Support"),
    "account_not_mine": gettext_noop("Account belongs to somebody else, for Support"),
    "handover_asked": gettext_noop("Asked to take an account over"),
    "handover_accepted": gettext_noop("Account taken over"),
    "handover_declined": gettext_noop("Account not taken over"),
    "account_kept": gettext_noop("Account kept"),
    "provider_tasks_open": gettext_noop("Tasks at Cegal stay open"),
    "provider_tasks_late": gettext_noop("Tasks at Cegal stay open (Support)"),
    "connector_failed": gettext_noop("A connector failed, for Support"),
    "connector_failed_cegal": gettext_noop("A connector failed, for Cegal"),
    "calls_after_suspension": gettext_noop("A suspended client still calls"),
    "suspended_in_use": gettext_noop("Account suspended although it was in use, for Support"),
    "account_held": gettext_noop("Account left alone"),
    "hold_lifted": gettext_noop("Account not left alone any more"),
    "hold_ends_soon": gettext_noop("A hold ends soon"),
    "hold_ends_soon_copy": gettext_noop("A hold ends soon (Support)"),
    "account_used": gettext_noop("Account in use again"),
    "account_suspended_inactive": gettext_noop("Account suspended for inactivity"),
    "account_suspended": gettext_noop("Account suspended"),
    "account_reactivated": gettext_noop("Account reactivated"),
    "account_closed": gettext_noop("Account closed"),
    "secret_collected": gettext_noop("Secret collected"),
    "secret_not_collected": gettext_noop("Secret not collected in time"),
    "secret_not_collected_copy": gettext_noop("Secret not collected in time, for Support"),
    "jobs_not_running": gettext_noop("Something stands still, for Support"),
    "webhook_disabled": gettext_noop("A webhook was switched off, for administrators"),
    "new_secret_asked": gettext_noop("New secret wanted, for Cegal"),
    "new_secret_entered": gettext_noop("New secret entered, for Support"),
    "new_secret_ready": gettext_noop("New secret ready to collect"),
    "collect_permission_given": gettext_noop("Technical contact may collect secrets"),
    "collect_permission_taken": gettext_noop("Technical contact may collect secrets no longer"),
    "rotation_asked": gettext_noop("Second secret asked for"),
    "rotation_not_verified": gettext_noop("Second secret does not work, for Support"),
    "rotation_ready": gettext_noop("Second secret ready to collect"),
    "rotation_collected": gettext_noop("Second secret collected"),
    "rotation_ended": gettext_noop("Secret rotation ended without a new secret"),
    "old_secret_goes_soon": gettext_noop("Old secret removed soon"),
    "old_secret_removed": gettext_noop("Old secret removed"),
    "secret_expires": gettext_noop("Secret expires soon"),
    "secret_expired": gettext_noop("Secret expired"),
    "secrets_expire_copy": gettext_noop("Secrets expire, for Support"),
}
"""What each kind of mail is called on these pages."""


@dataclass(frozen=True)
class Row:
    """A message and the order or account that it tells of, None where that is neither."""

    message: Message
    subject: Order | Account | None

    @property
    def kind(self) -> str:
        """What this kind of mail is called."""
        return kind_label(self.message.kind)

    @property
    def is_order(self) -> bool:
        return isinstance(self.subject, Order)


def kind_label(kind: str) -> str:
    """What a kind of mail is called."""
    return _(KINDS.get(kind, kind.replace("_", " ")))


def counts() -> dict[MessageState, int]:
    """How many messages wait, and how many were given up. One query, over the index."""
    rows = Message.objects.filter(state__in=[state.value for state in COUNTED]).order_by().values_list("state")
    found = dict(rows.annotate(Count("pk")))
    return {state: found.get(state.value, 0) for state in COUNTED}


def messages(state: str, text: str, asked: Mapping[str, str]) -> tuple[list[Row], paging.Page[Message]]:
    """One page of the messages in ``state`` (or "all") to whom ``text`` fits, the newest first. Three queries."""
    found = Message.objects.select_related("event")
    if state != ALL:
        found = found.filter(state=state)
    if text:
        found = found.filter(contains(text, "to_email", "to_name"))
    shown = paging.page(found, NEWEST_FIRST, asked)
    return rows_of(shown.rows), shown


def rows_of(found: Iterable[Message]) -> list[Row]:
    """Messages with what they tell of. Two queries, however many there are."""
    held = list(found)
    of_order = {m.event.subject_id for m in held if m.event.subject_type == Order.subject_type()}
    of_account = {m.event.subject_id for m in held if m.event.subject_type == Account.subject_type()}
    about: dict[object, Order | Account] = {
        **Order.objects.select_related("requester", "concerns__environment").in_bulk(of_order),
        **Account.objects.select_related("environment", "organisation", "owner").in_bulk(of_account),
    }
    return [Row(message, about.get(message.event.subject_id)) for message in held]
