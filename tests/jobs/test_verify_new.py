"""The task that verifies new credentials after Cegal entered them."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.gateways.loop import Outcome, TokenCheck
from accounts.models import Credential, Event
from accounts.tasks import verify_new
from tests.story import NOW, Story


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the token URL was asked; it accepts everything."""
    calls: list[tuple[Any, ...]] = []

    def check(*args: Any, **_how: Any) -> TokenCheck:
        calls.append(args)
        return TokenCheck(Outcome.OK, "Accepted.")

    monkeypatch.setattr("accounts.gateways.loop.check_token", check)
    return calls


def test_the_outcome_is_kept_by_the_portal_itself(story: Story, asked: list[tuple[Any, ...]]) -> None:
    account = story.order_in("credential_issue").accounts.get()
    credential = Credential.objects.get(account=account)
    verify_new()
    verify_new()  # what was checked is not checked again by itself
    credential.refresh_from_db()
    assert asked == [(account.environment.token_url, account.client_id, "secret-TEST")]
    assert credential.verified_at is not None
    event = Event.objects.get(subject_id=account.pk, verb="verify_credential")
    assert (event.actor_kind, event.data["outcome"]) == ("system", "ok")


def test_a_credential_that_is_gone_is_left_alone(story: Story, asked: list[tuple[Any, ...]]) -> None:
    story.order_in("credential_issue")
    Credential.objects.update(sealed_secret="", destroyed_at=NOW)
    verify_new()
    assert asked == []
