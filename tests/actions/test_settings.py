"""Environments and return reasons: added, changed, ordered, retired, each on record and never two at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.actions import environments, return_reasons
from accounts.actions.environments import Details
from accounts.forms.order import OrderForm
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Environment, Event, ReturnReason
from accounts.readers import history as chains
from tests.actions.tools import nothing_written
from tests.story import Story

DETAILS = Details("https://api.training.example/token", "https://api.training.example", position=7)
TEXTS = {
    "field": "purpose", "title_en": "No project", "title_nb": "Ikke noe prosjekt",
    "text_en": "Name the project.", "text_nb": "Nevn prosjektet.",
}  # fmt: skip


def said(story: Story, who: str = "administrator") -> dict[str, Any]:
    return {"by": story.actor(who), "now": story.now}


def test_an_environment_is_added_changed_retired_and_taken_back(story: Story) -> None:
    added = environments.add_environment("training", DETAILS, **said(story))
    assert (added.name, added.version) == ("TRAINING", 1)
    event = environments.edit_environment(added, replace(DETAILS, base_url="https://b.example"), **said(story))
    assert event is not None
    assert event.data == {"changed": {"base_url": ["https://api.training.example", "https://b.example"]}}
    environments.set_active(added, False, **said(story), comment="Not used any more.")
    assert "TRAINING" not in str(OrderForm()["environments"])
    environments.set_active(added, True, **said(story))
    assert "TRAINING" in str(OrderForm()["environments"])
    verbs = Event.objects.filter(subject_type="environment", subject_id=added.pk).order_by("seq")
    assert list(verbs.values_list("verb", flat=True)) == ["add", "edit", "retire", "restore"]
    assert list(chains.verify(chains.Verified())) == []


def test_an_order_that_runs_in_a_retired_environment_goes_on(story: Story) -> None:
    order = story.order_in("support", environments=("TEST",))
    environments.set_active(story.test, False, **said(story), comment="Closed for the summer.")
    for verb, who in (("send_for_approval", "support"), ("approve", "responsible"), ("send_to_cegal", "support")):
        story.do(order, verb, who)
    story.do(order, "complete_setup", "cegal", **story.data_for(order, "complete_setup"))
    assert order.accounts.count() == 1


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("TEST", {}, "There is an environment TEST already"),
        ("Tre ning", {}, "capital letters, digits and hyphens"),
        ("TRAINING", {"token_url": "http://api.example/token"}, "must begin with https"),
        ("TRAINING", {"base_url": "http://api.example"}, "must begin with https"),
        ("TRAINING", {"token_url": "nowhere"}, "This is no address"),
        ("TRAINING", {"documentation_url": "javascript:alert(1)"}, "This is no address"),
    ],
)
def test_what_cannot_be_an_environment_is_refused(
    story: Story, name: str, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(NotReady, match=message), nothing_written():
        environments.add_environment(name, replace(DETAILS, **changed), **said(story))


def test_a_private_network_only_where_this_portal_allows_it(story: Story, settings: Any) -> None:
    private = Details("http://10.0.0.1/token", "http://10.0.0.1", private_addresses_allowed=True)
    settings.PRIVATE_TOKEN_URLS = False
    with pytest.raises(NotReady, match="PRIVATE_TOKEN_URLS"), nothing_written():
        environments.edit_environment(story.test, private, **said(story))
    settings.PRIVATE_TOKEN_URLS = True
    assert environments.edit_environment(story.test, private, **said(story)) is not None


def test_one_environment_always_stays_on_offer_and_a_reason_is_needed(story: Story) -> None:
    with pytest.raises(NotReady, match="Write a reason"), nothing_written():
        environments.set_active(story.test, False, **said(story))
    environments.set_active(story.test, False, **said(story), comment="Old.")
    with pytest.raises(NotReady, match="last environment"), nothing_written():
        environments.set_active(story.production, False, **said(story), comment="Old.")


def test_the_operator_points_at_other_addresses_on_record(story: Story) -> None:
    environments.set_addresses(
        story.test, token_url="http://127.0.0.1/t", base_url="http://127.0.0.1", private_addresses_allowed=True,
        by=SYSTEM, now=story.now,
    )  # fmt: skip
    event = Event.objects.get(subject_type="environment", subject_id=story.test.pk)
    assert event.actor_name == "Loop access portal"
    assert Environment.objects.get(name="TEST").token_url == "http://127.0.0.1/t"


def test_a_reason_is_added_worded_ordered_and_retired(story: Story) -> None:
    before = list(ReturnReason.objects.values_list("pk", flat=True))
    reason = return_reasons.add_return_reason(TEXTS, **said(story))
    assert list(ReturnReason.objects.values_list("pk", flat=True)) == [*before, reason.pk]
    assert return_reasons.edit_return_reason(reason, TEXTS, **said(story)) is None
    event = return_reasons.edit_return_reason(reason, {**TEXTS, "text_nb": "Si prosjektet."}, **said(story))
    assert event is not None
    assert event.data == {"changed": {"text_nb": ["Nevn prosjektet.", "Si prosjektet."]}}
    return_reasons.move(reason, up=True, **said(story))
    assert list(ReturnReason.objects.values_list("pk", flat=True))[-2:] == [reason.pk, before[-1]]
    return_reasons.move(ReturnReason.objects.get(pk=before[-1]), up=False, **said(story))
    assert ReturnReason.objects.last().pk == before[-1]  # type: ignore[union-attr]
    reason.refresh_from_db()
    return_reasons.set_active(reason, False, **said(story))
    assert not ReturnReason.objects.get(pk=reason.pk).active
    assert list(chains.verify(chains.Verified())) == []


@pytest.mark.parametrize("text", ["title_en", "title_nb", "text_en", "text_nb"])
def test_a_reason_speaks_both_languages(story: Story, text: str) -> None:
    with pytest.raises(NotReady, match="both languages"), nothing_written():
        return_reasons.add_return_reason({**TEXTS, text: "  "}, **said(story))


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_only_an_administrator_changes_settings(story: Story, who: str) -> None:
    reason = ReturnReason.objects.all()[0]
    by = said(story, who)
    with nothing_written():
        for attempt in (
            lambda: environments.add_environment("TRAINING", DETAILS, **by),
            lambda: environments.edit_environment(story.test, DETAILS, **by),
            lambda: environments.set_active(story.test, False, comment="Old.", **by),
            lambda: return_reasons.add_return_reason(TEXTS, **by),
            lambda: return_reasons.edit_return_reason(reason, TEXTS, **by),
            lambda: return_reasons.move(reason, up=False, **by),
            lambda: return_reasons.set_active(reason, False, **by),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_the_second_of_two_forms_is_told(story: Story) -> None:
    stale = Environment.objects.get(pk=story.test.pk)
    environments.edit_environment(story.test, DETAILS, **said(story), seen=0)
    with pytest.raises(LostRace, match="Ada Admin changed this"), nothing_written():
        environments.edit_environment(stale, replace(DETAILS, position=3), **said(story), seen=0)
