"""The guards one by one: silent when all is well, and otherwise a sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from accounts.lifecycle import guards, transition
from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.errors import NotAllowed, NotReady, Refused
from accounts.lifecycle.facts import AccountFacts, OrderFacts
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import Role

ME, SOMEBODY = uuid4(), uuid4()
FACTS = OrderFacts(roles=frozenset(), actor_id=ME, requester_id=SOMEBODY)


def test_nobody_approves_what_they_requested() -> None:
    assert guards.not_own_order(FACTS) is None
    assert "requested this order yourself" in str(guards.not_own_order(replace(FACTS, requester_id=ME)))


def test_the_portal_itself_is_not_taken_for_an_unknown_requester() -> None:
    assert guards.not_own_order(replace(FACTS, actor_id=None, requester_id=None)) is None


@pytest.mark.parametrize("senders", [{ME}, {ME, SOMEBODY}])
def test_nobody_approves_what_they_sent_in_any_round(senders: set[object]) -> None:
    assert guards.not_own_sending(FACTS) is None
    assert guards.not_own_sending(replace(FACTS, senders=frozenset({SOMEBODY}))) is None
    assert "sent this order for approval yourself" in str(
        guards.not_own_sending(replace(FACTS, senders=frozenset(senders)))
    )


def test_every_field_is_named_that_is_empty() -> None:
    assert guards.every_field_populated(FACTS) is None
    said = guards.every_field_populated(replace(FACTS, missing=("system", "owner email")))
    assert str(said) == "These fields are empty: system, owner email. All fields are required."


def test_the_purpose_is_judged_with_the_name_of_the_organisation() -> None:
    facts = replace(FACTS, organisation="Nordsjø Surplus AS")
    said = guards.purpose_sufficient(replace(facts, purpose="Nordsjø Surplus"))
    assert "organisation’s name" in str(said)
    assert guards.purpose_sufficient(replace(facts, purpose="Export of sales data to our ERP for project Ekko")) is None


def test_a_return_needs_a_comment_on_the_whole_or_on_a_field() -> None:
    assert "at least one comment" in str(guards.commented(FACTS))
    assert "at least one comment" in str(guards.commented(replace(FACTS, comment=" \n\t ")))
    assert guards.commented(replace(FACTS, comment="Which project?")) is None
    assert guards.commented(replace(FACTS, field_comments=1)) is None


def test_every_environment_needs_a_client_id_and_a_secret() -> None:
    assert guards.every_environment_set_up(FACTS) is None
    said = guards.every_environment_set_up(replace(FACTS, not_set_up=("TEST", "PRODUCTION")))
    assert str(said) == "Enter the client id and the client secret for TEST, PRODUCTION."


def test_unverified_credentials_need_an_override_and_the_override_a_reason() -> None:
    unverified = replace(FACTS, unverified=("TEST",))
    assert guards.every_credential_verified(FACTS) is None
    assert str(guards.every_credential_verified(unverified)).endswith("are not verified. Verify them first.")
    no_reason = guards.every_credential_verified(replace(unverified, override=True, override_reason="  "))
    assert str(no_reason) == "Write why you issue unverified credentials for TEST."
    assert guards.every_credential_verified(replace(unverified, override=True, override_reason="Maintenance.")) is None


def test_a_reason_alone_is_no_override() -> None:
    facts = replace(FACTS, unverified=("TEST",), override_reason="Maintenance.")
    assert guards.every_credential_verified(facts) is not None


def test_every_account_needs_its_reference_in_loop() -> None:
    assert guards.every_account_in_loop(FACTS) is None
    said = guards.every_account_in_loop(replace(FACTS, without_reference=("PRODUCTION",)))
    assert str(said) == "Enter the account’s reference in Loop for PRODUCTION."


def test_an_answer_needs_an_open_notice() -> None:
    assert guards.notice_is_open(AccountFacts(roles=frozenset(), notice_open=True)) is None
    assert guards.notice_is_open(AccountFacts(roles=frozenset())) is not None


def test_closing_needs_signing_in() -> None:
    assert guards.signed_in(AccountFacts(roles=frozenset())) is None
    assert str(guards.signed_in(AccountFacts(roles=frozenset(), by_link=True))) == "Sign in to close the account."


@pytest.mark.parametrize("comment", ["", "   ", "\n\t"])
def test_a_reason_of_blanks_is_no_reason(comment: str) -> None:
    row = transition.find(ACCOUNT, "suspend", "active")
    facts = AccountFacts(roles=frozenset({Role.SUPPORT}), comment=comment)
    with pytest.raises(NotReady, match="Write a reason"):
        transition.check(row, facts)


def test_separation_of_duties_is_a_matter_of_who_and_not_of_what_is_missing() -> None:
    row = transition.find(ORDER, "approve", "approval")
    facts = replace(FACTS, roles=frozenset({Role.SERVICE_RESPONSIBLE}), requester_id=ME)
    with pytest.raises(NotAllowed):
        transition.check(row, facts)


def test_every_refusal_carries_a_sentence() -> None:
    for kind in (NotAllowed, NotReady):
        refused: Refused = kind("Do this instead.")
        assert str(refused) == str(refused.sentence) == "Do this instead."
