"""ORDER: every transition of an order, one row each (DOMAIN.md, "The order's lifecycle")."""

from __future__ import annotations

from accounts.lifecycle import guards
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, OrderState, Role
from accounts.lifecycle.transition import Table, Tell, Transition

S = OrderState

ORDER: Table = (
    Transition(
        "submit", (S.DRAFT,), S.SUPPORT, (Role.REQUESTER,), _("Send the order"), _("sent the order"),
        guards=(guards.account_can_be_reactivated, guards.every_field_populated, guards.purpose_sufficient),
        tells=(Tell("order_received", Audience.REQUESTER), Tell("order_to_triage", Audience.SUPPORT)),
    ),
    Transition(
        "send_for_approval", (S.SUPPORT,), S.APPROVAL, (Role.SUPPORT,),
        _("Send for approval"), _("sent the order for approval"),
        tells=(Tell("order_to_approve", Audience.SERVICE_RESPONSIBLE),),
    ),
    Transition(
        "approve", (S.APPROVAL,), S.APPROVED, (Role.SERVICE_RESPONSIBLE,), _("Approve"), _("approved the order"),
        duties=(
            guards.not_own_order,
            guards.not_own_sending,
            guards.not_principals_own,
            guards.not_its_makers_own,
        ),
        tells=(Tell("order_approved", Audience.SUPPORT), Tell("order_approved_receipt", Audience.REQUESTER)),
    ),
    Transition(
        "return", (S.SUPPORT,), S.RETURNED, (Role.SUPPORT,),
        _("Return for more information"), _("returned the order for more information"),
        guards=(guards.commented,), tells=(Tell("order_returned", Audience.REQUESTER),),
    ),
    Transition(
        "return", (S.APPROVAL,), S.RETURNED, (Role.SERVICE_RESPONSIBLE,),
        _("Return for more information"), _("returned the order for more information"),
        guards=(guards.commented,), tells=(Tell("order_returned", Audience.REQUESTER),),
    ),
    Transition(
        "resubmit", (S.RETURNED,), S.SUPPORT, (Role.REQUESTER,), _("Send the order again"), _("sent the order again"),
        guards=(guards.account_can_be_reactivated, guards.every_field_populated, guards.purpose_sufficient),
        tells=(Tell("order_resubmitted", Audience.SUPPORT),),
    ),
    Transition(
        "send_to_cegal", (S.APPROVED,), S.CEGAL_SETUP, (Role.SUPPORT,),
        _("Send to Cegal"), _("sent the order to Cegal"),
        tells=(Tell("order_to_set_up", Audience.CEGAL, (guards.for_people,)),),
        guards=(guards.account_can_rotate,),
    ),
    Transition(
        "send_to_cegal", (S.SUPPORT,), S.CEGAL_SETUP, (Role.SUPPORT, Role.SYSTEM),
        _("Send to Cegal"), _("sent the order to Cegal"),
        tells=(Tell("order_to_set_up", Audience.CEGAL, (guards.for_people,)),),
        when=(guards.nobody_gets_access,), duties=(guards.people_give_access, guards.suspended_shortly),
        guards=(guards.account_can_be_reactivated, guards.account_can_rotate),
    ),
    Transition(
        "complete_setup", (S.CEGAL_SETUP,), S.CREDENTIAL_ISSUE, (Role.CEGAL,),
        _("Complete setup"), _("completed the setup"),
        guards=(guards.every_environment_set_up, guards.account_can_rotate, guards.secret_renewed),
        tells=(Tell("setup_completed", Audience.SUPPORT, (guards.not_a_rotation,)),),
    ),
    Transition(
        "hand_back", (S.CEGAL_SETUP,), S.APPROVED, (Role.CEGAL,), _("Hand back to Support"), _("handed the order back"),
        tells=(Tell("order_handed_back", Audience.SUPPORT),), comment_needed=True,
    ),
    Transition(
        "issue_credentials", (S.CREDENTIAL_ISSUE,), S.ISSUED, (Role.SUPPORT, Role.SYSTEM),
        _("Issue credentials"), _("issued the credentials"), duties=(guards.people_give_access,),
        guards=(
            guards.account_can_rotate, guards.second_secret_there, guards.every_account_in_loop,
            guards.every_credential_verified,
        ),
        tells=(
            Tell("credentials_issued", Audience.REQUESTER, (guards.not_a_rotation,)),
            Tell("credentials_issued", Audience.OWNER, (guards.not_a_rotation,)),
        ),
    ),
    Transition(
        "reject", (S.SUPPORT,), S.REJECTED, (Role.SUPPORT,), _("Reject"), _("rejected the order"),
        tells=(Tell("order_rejected", Audience.REQUESTER), Tell("order_rejected_copy", Audience.SUPPORT)),
        comment_needed=True,
    ),
    Transition(
        "reject", (S.APPROVAL,), S.REJECTED, (Role.SERVICE_RESPONSIBLE,), _("Reject"), _("rejected the order"),
        tells=(Tell("order_rejected", Audience.REQUESTER), Tell("order_rejected_copy", Audience.SUPPORT)),
        comment_needed=True,
    ),
    Transition(
        "withdraw", (S.DRAFT, S.SUPPORT, S.RETURNED, S.APPROVAL, S.APPROVED), S.WITHDRAWN, (Role.REQUESTER,),
        _("Withdraw"), _("withdrew the order"), tells=(Tell("order_withdrawn", Audience.SUPPORT),),
    ),
    Transition(
        "expire", (S.RETURNED,), S.WITHDRAWN, (Role.SYSTEM,),
        _("Expire"), _("withdrew the order: no answer came in time"),
        tells=(Tell("order_expired", Audience.REQUESTER), Tell("order_expired_copy", Audience.SUPPORT)), automatic=True,
    ),
    Transition(
        "end_rotation", (S.SUPPORT, S.APPROVED, S.CEGAL_SETUP, S.CREDENTIAL_ISSUE), S.WITHDRAWN, (Role.SYSTEM,),
        _("End the secret rotation"), _("ended the secret rotation: the account is not in use any more"),
        when=(guards.a_rotation,), tells=(Tell("rotation_ended", Audience.REQUESTER),), automatic=True,
    ),
    Transition(
        "reopen", (S.WITHDRAWN,), S.DRAFT, (Role.REQUESTER,), _("Reopen"), _("reopened the order"),
        when=(guards.not_a_rotation,),
    ),
)  # fmt: skip

TURN = {
    OrderState.SUPPORT: Audience.SUPPORT,
    OrderState.APPROVAL: Audience.SERVICE_RESPONSIBLE,
    OrderState.APPROVED: Audience.SUPPORT,
    OrderState.CEGAL_SETUP: Audience.CEGAL,
    OrderState.CREDENTIAL_ISSUE: Audience.SUPPORT,
}
"""Whose turn it is in each stage that has a target; while an order is returned the clock stands still."""

INTERNAL = frozenset(
    {
        "verify_credential", "ask_to_verify", "remind_stage", "escalate_stage", "internal_note", "take",
        "hand_over_order", "release", "check", "waive", "uncheck", "rotation_waits",
    }
)  # fmt: skip
"""The events that are for those who work on an order: neither its requester nor Cegal ever reads of them.

To somebody who does not see them, an order on which nothing else happened has not changed.
"""
