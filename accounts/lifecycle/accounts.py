"""ACCOUNT: every transition of an API account, one row each (DOMAIN.md, "The account's lifecycle")."""

from __future__ import annotations

from accounts.lifecycle import guards
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, Audience, Role, TaskKind
from accounts.lifecycle.transition import Table, Tell, Transition

S = AccountState


def _contacts(kind: str) -> tuple[Tell, ...]:
    return Tell(kind, Audience.OWNER), Tell(kind, Audience.TECHNICAL_CONTACT)


ACCOUNT: Table = (
    Transition(
        "activate", (S.PENDING,), S.ACTIVE, (Role.SUPPORT,), _("Activate"), _("activated the account"),
        automatic=True,
    ),
    Transition(
        "notify", (S.ACTIVE,), S.NOTIFIED, (Role.SYSTEM,), _("Notify"), _("opened an inactivity notice"),
        tells=_contacts("inactivity_notice"), automatic=True,
    ),
    Transition(
        "keep", (S.NOTIFIED,), S.ACTIVE, (Role.OWNER, Role.SUPPORT),
        _("Keep the account"), _("answered: the account is still needed"),
        guards=(guards.notice_is_open,), tells=(Tell("account_kept", Audience.OWNER),), comment_needed=True,
    ),
    Transition(
        "used", (S.NOTIFIED,), S.ACTIVE, (Role.SYSTEM,), _("Used again"), _("saw that the account is in use"),
        tells=(Tell("account_used", Audience.OWNER),), automatic=True,
    ),
    Transition(
        "hold", (S.ACTIVE, S.NOTIFIED), S.ACTIVE, (Role.SUPPORT,),
        _("Leave alone until a day"), _("left the account alone: no notice and no suspension"),
        tells=(Tell("account_held", Audience.OWNER),), comment_needed=True,
    ),
    Transition(
        "lift_hold", (S.ACTIVE,), S.ACTIVE, (Role.SUPPORT,),
        _("Leave it alone no longer"), _("lifted the hold: the rules apply again"),
        when=(guards.is_held,), tells=(Tell("hold_lifted", Audience.OWNER),), comment_needed=True,
    ),
    Transition(
        "end_hold", (S.ACTIVE,), S.ACTIVE, (Role.SYSTEM,),
        _("End the hold"), _("saw the hold end: the rules apply again"), automatic=True,
    ),
    Transition(
        "suspend_for_inactivity", (S.NOTIFIED,), S.SUSPENDED, (Role.SYSTEM,),
        _("Suspend for inactivity"), _("suspended the account: no answer came in time"),
        tells=_contacts("account_suspended_inactive"), owes=(TaskKind.DISABLE_CLIENT,), automatic=True,
    ),
    Transition(
        "suspend", (S.ACTIVE, S.NOTIFIED), S.SUSPENDED, (Role.SUPPORT, Role.ADMINISTRATOR),
        _("Suspend"), _("suspended the account"),
        tells=_contacts("account_suspended"), owes=(TaskKind.DISABLE_CLIENT,), comment_needed=True,
    ),
    Transition(
        "reactivate", (S.SUSPENDED,), S.ACTIVE, (Role.SUPPORT,), _("Reactivate"), _("reactivated the account"),
        tells=_contacts("account_reactivated"), automatic=True,
    ),
    Transition(
        "close", (S.ACTIVE, S.NOTIFIED, S.SUSPENDED), S.CLOSED, (Role.OWNER, Role.SUPPORT),
        _("Close the account"), _("closed the account"), duties=(guards.signed_in,),
        guards=(guards.no_reactivation_under_way,),
        tells=_contacts("account_closed"), owes=(TaskKind.DISABLE_CLIENT,), comment_needed=True,
    ),
)  # fmt: skip
