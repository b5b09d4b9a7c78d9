"""Every kind of mail: where its button leads, what the button says, and the staff role it is addressed to.

The templates of a kind are ``templates/mail/<kind>.subject.txt``, ``.txt`` and ``.html``.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from accounts.lifecycle.orders import TURN
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Event

INACTIVITY_NOTICE = "inactivity_notice"
INACTIVITY_REMINDER = "inactivity_reminder"
STAGE_REMINDER = "stage_reminder"
ASKS_FOR_ANSWER = frozenset({INACTIVITY_NOTICE, INACTIVITY_REMINDER})
"""The kinds that make no sense any more once their notice is over."""


@dataclass(frozen=True)
class Kind:
    """One kind of mail. ``page`` is a URL name; ``role`` is None for requesters, owners and contacts."""

    page: str
    button: str
    role: Role | None = None


def _order() -> Kind:
    return Kind("order", _("Open the order"))


def _staff(role: Role) -> Kind:
    return Kind("cegal_order" if role is Role.CEGAL else "staff_order", _("Open the order"), role)


def _approval() -> Kind:
    return Kind("approval", _("Decide"), Role.SERVICE_RESPONSIBLE)


def _account(role: Role | None = None) -> Kind:
    return Kind("staff_account" if role else "account", _("Open the account"), role)


KINDS: dict[str, Kind] = {
    "order_received": _order(),
    "order_to_triage": _staff(Role.SUPPORT),
    "order_to_approve": _approval(),
    "order_escalated": _approval(),
    "order_escalated_early": Kind("deputies", _("See when you stand in")),
    "order_escalated_copy": _staff(Role.SUPPORT),
    "order_approved": _staff(Role.SUPPORT),
    "order_approved_receipt": _order(),
    "order_returned": Kind("order", _("Answer the comments")),
    "order_resubmitted": _staff(Role.SUPPORT),
    "order_to_set_up": _staff(Role.CEGAL),
    "setup_completed": _staff(Role.SUPPORT),
    "order_handed_back": _staff(Role.SUPPORT),
    "credentials_issued": _order(),
    "order_handed_over": _staff(Role.SUPPORT),
    "order_rejected": _order(),
    "order_rejected_copy": _staff(Role.SUPPORT),
    "order_withdrawn": _staff(Role.SUPPORT),
    "order_expired": _order(),
    "order_expired_copy": _staff(Role.SUPPORT),
    "order_reassigned": _order(),
    "order_reassigned_copy": Kind("my_orders", _("Your orders")),
    "owner_named": Kind("my_accounts", _("Your API accounts")),
    "owner_replaced": Kind("my_accounts", _("Your API accounts")),
    "message_to_support": _staff(Role.SUPPORT),
    "message_to_requester": Kind("order", _("Read and answer")),
    "return_expiry_warning": Kind("order", _("Answer the comments")),
    STAGE_REMINDER: _staff(Role.SUPPORT),
    INACTIVITY_NOTICE: Kind("notice_answer", _("Answer")),
    INACTIVITY_REMINDER: Kind("notice_answer", _("Answer")),
    "notice_not_delivered": _account(Role.SUPPORT),
    "account_not_mine": _account(Role.SUPPORT),
    "handover_asked": Kind("handover", _("Read and answer")),
    "handover_accepted": Kind("my_accounts", _("Your API accounts")),
    "handover_declined": _account(),
    "account_kept": _account(),
    "account_used": _account(),
    "account_held": _account(),
    "hold_lifted": _account(),
    "hold_ends_soon": _account(),
    "hold_ends_soon_copy": _account(Role.SUPPORT),
    "provider_tasks_open": Kind("cegal_queue", _("Open the tasks"), Role.CEGAL),
    "provider_tasks_late": Kind("staff_tasks", _("See the tasks"), Role.SUPPORT),
    "connector_failed": Kind("providers", _("See what failed"), Role.SUPPORT),
    "connector_failed_cegal": Kind("cegal_queue", _("Open your work"), Role.CEGAL),
    "calls_after_suspension": _account(Role.SUPPORT),
    "suspended_in_use": _account(Role.SUPPORT),
    "account_suspended_inactive": _account(),
    "account_suspended": _account(),
    "account_reactivated": _account(),
    "account_closed": _account(),
    "secret_collected": _account(),
    "collect_permission_given": _account(),
    "collect_permission_taken": _account(),
    "secret_not_collected": _account(),
    "secret_not_collected_copy": _account(Role.SUPPORT),
    "new_secret_asked": Kind("cegal_task", _("Enter the new secret"), Role.CEGAL),
    "new_secret_entered": _account(Role.SUPPORT),
    "new_secret_ready": Kind("collect", _("Collect the secret")),
    "rotation_asked": _account(),
    "rotation_not_verified": _staff(Role.SUPPORT),
    "rotation_ready": Kind("collect", _("Collect the secret")),
    "rotation_collected": _account(),
    "rotation_ended": _order(),
    "old_secret_goes_soon": _account(),
    "old_secret_removed": _account(),
    "secret_expires": _account(),
    "secret_expired": _account(),
    "secrets_expire_copy": Kind("staff_secrets", _("See the secrets"), Role.SUPPORT),
    "jobs_not_running": Kind("job_runs", _("See the job runs"), Role.SUPPORT),
    "webhook_disabled": Kind("webhooks", _("See the webhooks"), Role.ADMINISTRATOR),
    "invited": Kind("account_login", _("Sign in")),
    "role_changed": Kind("landing", _("Open the portal")),
    "second_factor_reset": Kind("account_login", _("Sign in")),
    "deputy_named": Kind("deputies", _("See when you stand in")),
    "deputy_ended": Kind("deputies", _("See when you stand in")),
}


def kind_of(name: str, event: Event) -> Kind:
    """The kind called ``name``; that of a stage reminder follows from the stage in which the order waited.

    Raises KeyError for a name that is not in the catalogue.
    """
    if name == STAGE_REMINDER:
        role = Role(TURN[OrderState(event.target)].value)
        return _approval() if role is Role.SERVICE_RESPONSIBLE else _staff(role)
    return KINDS[name]
