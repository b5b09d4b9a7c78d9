"""Named conditions: each answers with nothing, or with the sentence that says why not."""

from __future__ import annotations

from uuid import UUID

from accounts.lifecycle import purpose as purpose_rule
from accounts.lifecycle.actor import Principal
from accounts.lifecycle.facts import AccountFacts, Facts, OrderFacts
from accounts.lifecycle.rotation import IN_USE
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, OrderKind, Role


def _order(facts: Facts) -> OrderFacts:
    assert isinstance(facts, OrderFacts)  # noqa: S101 - a programming error, not bad input
    return facts


def _account(facts: Facts) -> AccountFacts:
    assert isinstance(facts, AccountFacts)  # noqa: S101 - a programming error, not bad input
    return facts


def not_own_order(facts: Facts) -> Sentence | None:
    """Nobody approves an order that they requested (DOMAIN.md, separation of duties), also not once another
    requester was named."""
    order = _order(facts)
    if facts.actor_id is not None and facts.actor_id in {order.requester_id, *order.former_requesters}:
        return _("You requested this order yourself. Somebody else must approve it.")
    return None


def not_own_sending(facts: Facts) -> Sentence | None:
    """Nobody approves an order that they themselves sent for approval, in any round (DOMAIN.md)."""
    if facts.actor_id is not None and facts.actor_id in _order(facts).senders:
        return _("You sent this order for approval yourself. Somebody else must approve it.")
    return None


def not_its_makers_own(facts: Facts) -> Sentence | None:
    """A program does not approve what the person who made its token requested or sent: a token is no second person."""
    order = _order(facts)
    if facts.set_up_by is not None and facts.set_up_by in _had_a_part(order):
        return _("Whoever made this token requested this order or sent it for approval. Somebody else must approve it.")
    return None


def not_principals_own(facts: Facts) -> Sentence | None:
    """A deputy does not approve what the one they stand in for requested or sent (DOMAIN.md, "the same separation").

    Who stands in for several people decides for one of them who had no part in the order.
    """
    order = _order(facts)
    if order.stands_in_for and not free_principals(order):
        return _(
            "You stand in for %(name)s, who requested this order or sent it for approval. "
            "Somebody else must approve it.",
            name=order.stands_in_for[0].name,
        )
    return None


def free_principals(facts: OrderFacts) -> tuple[Principal, ...]:
    """Of those for whom the actor stands in: who neither requested this order nor ever sent it for approval."""
    parted = _had_a_part(facts)
    return tuple(principal for principal in facts.stands_in_for if principal.id not in parted)


def _had_a_part(order: OrderFacts) -> frozenset[UUID | None]:
    """Who requested the order or ever sent it for approval."""
    return order.senders | order.former_requesters | {order.requester_id}


def every_field_populated(facts: Facts) -> Sentence | None:
    """All fields of the order form must be populated (SOURCE.md, slide 3, step 1)."""
    if missing := _order(facts).missing:
        return _("These fields are empty: %(fields)s. All fields are required.", fields=", ".join(missing))
    return None


def purpose_sufficient(facts: Facts) -> Sentence | None:
    """The purpose is not plainly insufficient (DOMAIN.md, "Sufficient purpose")."""
    order = _order(facts)
    return purpose_rule.refusal(order.purpose, order.organisation, order.examples)


def commented(facts: Facts) -> Sentence | None:
    """A return carries at least one comment, each may name a field (DOMAIN.md, "return")."""
    if not facts.comment.strip() and not _order(facts).field_comments:
        return _("Write at least one comment that says what is missing. The requester sees it.")
    return None


def every_environment_set_up(facts: Facts) -> Sentence | None:
    """Client id and secret for each environment ordered (DOMAIN.md, "complete setup")."""
    if missing := _order(facts).not_set_up:
        return _("Enter the client id and the client secret for %(environments)s.", environments=", ".join(missing))
    return None


def every_credential_verified(facts: Facts) -> Sentence | None:
    """Each credential verified at its token_url, or an explicit override with a reason (DOMAIN.md)."""
    order = _order(facts)
    if not order.unverified:
        return None
    environments = ", ".join(order.unverified)
    if not order.override:
        return _(
            "The credentials for %(environments)s are not verified. Verify them first.",
            environments=environments,
        )
    if not order.override_reason.strip():
        return _("Write why you issue unverified credentials for %(environments)s.", environments=environments)
    return None


def every_account_in_loop(facts: Facts) -> Sentence | None:
    """Each account has its reference in Loop (DOMAIN.md, "issue credentials")."""
    if missing := _order(facts).without_reference:
        return _("Enter the account’s reference in Loop for %(environments)s.", environments=", ".join(missing))
    return None


def account_can_be_reactivated(facts: Facts) -> Sentence | None:
    """A reactivation is about an account that is suspended, and asked for once at a time."""
    order = _order(facts)
    if order.kind is not OrderKind.REACTIVATION:
        return None
    if order.account_state != AccountState.SUSPENDED:
        return _("The account is not suspended any more, so there is nothing to reactivate.")
    if order.other_order:
        return _("Order %(reference)s already asks for this.", reference=order.other_order)
    return None


def nobody_gets_access(facts: Facts) -> Sentence | None:
    """Only a reactivation or a secret rotation may go to Cegal without an approval; new access never does."""
    if _order(facts).kind is not OrderKind.NEW_ACCESS:
        return None
    return _("Send the order for approval first.")


def a_rotation(facts: Facts) -> Sentence | None:
    """What is there for a secret rotation alone."""
    if _order(facts).kind is OrderKind.SECRET_ROTATION:
        return None
    return _("Only a secret rotation ends like this.")


def for_people(facts: Facts) -> Sentence | None:
    """Cegal's people are told of what they have to do, not of what connectors do."""
    if _order(facts).by_connectors:
        return _("Connectors set this order up.")
    return None


def not_a_rotation(facts: Facts) -> Sentence | None:
    """A secret rotation has no form to go on with, and what it tells is told otherwise."""
    if _order(facts).kind is not OrderKind.SECRET_ROTATION:
        return None
    return _("Ask for a new secret on the account’s page instead.")


def people_give_access(facts: Facts) -> Sentence | None:
    """The portal itself issues and sends on nothing but the second secret of an account that has one."""
    order = _order(facts)
    if Role.SYSTEM in order.roles and order.kind is not OrderKind.SECRET_ROTATION:
        return _("Only Support can do this.")
    return None


def account_can_rotate(facts: Facts) -> Sentence | None:
    """A secret rotation is about an account that is in use, and asked for once at a time."""
    order = _order(facts)
    if order.kind is not OrderKind.SECRET_ROTATION:
        return None
    if order.account_state not in IN_USE:
        return _("The account is not in use any more, so its secret is not replaced. This order ends by itself.")
    if order.other_order:
        return _("Order %(reference)s already asks for this.", reference=order.other_order)
    return None


def second_secret_there(facts: Facts) -> Sentence | None:
    """A secret rotation ends with a second secret, which no override can take the place of."""
    order = _order(facts)
    if order.kind is OrderKind.SECRET_ROTATION and not order.secret_entered:
        return _("There is no second secret yet. Ask Cegal for a new one.")
    return None


def suspended_shortly(facts: Facts) -> Sentence | None:
    """The short path through Support: suspended for inactivity, less than [90] days before the order was sent.

    Whom a person suspended at once (a leaked secret, say), the Service Responsible looks at.
    """
    order = _order(facts)
    if order.kind is not OrderKind.REACTIVATION:
        return None
    if order.by_hand:
        return _("The account was suspended by a person, not for inactivity. Send the order for approval.")
    if order.suspended_days is None or order.suspended_days >= order.short_days:
        return _(
            "The account was suspended for %(days)s days or longer when the order was sent. Send it for approval.",
            days=order.short_days,
        )
    return None


def secret_renewed(facts: Facts) -> Sentence | None:
    """A reactivated account gets a new secret where the last one expired, or may have leaked; a rotation is one."""
    order = _order(facts)
    if order.kind is OrderKind.SECRET_ROTATION and not order.secret_entered:
        return _("Paste the second client secret.")
    if order.kind is not OrderKind.REACTIVATION or order.secret_entered:
        return None
    if order.by_hand:
        return _("The account was suspended by a person, so its secret may be known to others. Enter a new one.")
    if order.expired_on:
        return _("The client secret expired on %(day)s. Enter a new one.", day=order.expired_on)
    return None


def no_reactivation_under_way(facts: Facts) -> Sentence | None:
    """An account is not closed under the hands of those who reactivate it: that order could never end."""
    if reference := _account(facts).reactivation:
        return _("Order %(reference)s asks to reactivate this account. Let it end first.", reference=reference)
    return None


def is_held(facts: Facts) -> Sentence | None:
    """Only a hold that is there can be lifted."""
    if not _account(facts).held:
        return _("Support does not leave this account alone, so there is nothing to lift.")
    return None


def signed_in(facts: Facts) -> Sentence | None:
    """A mail's link keeps an account; closing it needs signing in (DOMAIN.md, the inactivity rules)."""
    return _("Sign in to close the account.") if _account(facts).by_link else None


def notice_is_open(facts: Facts) -> Sentence | None:
    """An answer needs an open notice (DOMAIN.md: the link is void once the notice is over)."""
    if not _account(facts).notice_open:
        return _("There is no open inactivity notice to answer.")
    return None
