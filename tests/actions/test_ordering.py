"""The requester's side of an order: draft, send, withdraw, reopen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.actions import ordering
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import FORM_FIELDS, Event, Order, Organisation, Person, ReferenceCounter
from tests.actions.tools import INGRID, SUPPORT, at_once, history, nothing_written, told
from tests.story import Story


def test_a_reference_that_people_can_say_on_the_phone(story: Story) -> None:
    assert [story.draft().reference for _ in range(3)] == ["LA-2026-0001", "LA-2026-0002", "LA-2026-0003"]
    ReferenceCounter.objects.filter(year=2026).update(last=9999)
    assert story.draft().reference == "LA-2026-10000"


def test_the_year_of_a_reference_is_the_one_in_oslo(story: Story) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Oslo
    assert ordering.start(by=story.actor("ingrid"), now=new_year).reference == "LA-2027-0001"


@pytest.mark.django_db(transaction=True)
def test_two_orders_started_at_once_never_share_a_reference() -> None:
    story = Story()
    by = story.actor("ingrid")
    references = at_once(6, lambda _place: ordering.start(by=by, now=story.now).reference)
    assert sorted(references) == [f"LA-2026-{number:04d}" for number in range(1, 7)]


def test_a_draft_begins_its_history_and_tells_nobody(story: Story) -> None:
    draft = story.draft()
    assert (draft.state, draft.version) == ("draft", 1)
    assert history(draft) == ["start"]
    assert told(Event.objects.get(subject_id=draft.pk)) == {}


def test_only_somebody_who_signed_in_can_order(story: Story) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Sign in"):
        ordering.start(by=SYSTEM, now=story.now)


def test_typing_is_kept_and_is_no_event(story: Story) -> None:
    draft = story.draft()
    by = story.actor("ingrid")
    ordering.save_answers(draft, {"system": "Maximo", "environments": [story.production]}, by=by, now=story.now)
    kept = Order.objects.get(pk=draft.pk)
    assert (kept.system, kept.purpose) == ("Maximo", draft.purpose)
    assert list(kept.environments.all()) == [story.production]
    assert history(draft) == ["start"]
    assert draft.system == "Maximo", "the caller's copy is in step"


def test_nobody_else_types_in_an_order(story: Story) -> None:
    draft = story.draft()
    for who in ("stranger", "support", "administrator"):
        with nothing_written(), pytest.raises(NotAllowed, match="Only the requester"):
            ordering.save_answers(draft, {"system": "X"}, by=story.actor(who), now=story.now)


@pytest.mark.parametrize("state", ["support", "approval", "approved", "cegal_setup", "issued", "rejected", "withdrawn"])
def test_what_was_sent_cannot_be_typed_over(story: Story, state: str) -> None:
    order = story.order_in(state)
    with nothing_written(), pytest.raises(LostRace):
        ordering.save_answers(order, {"system": "X"}, by=story.actor("ingrid"), now=story.now)


def test_typing_after_somebody_acted_is_told_who(story: Story) -> None:
    draft = story.draft()
    stale = Order.objects.get(pk=draft.pk)
    story.do(draft, "submit", "ingrid")
    with nothing_written(), pytest.raises(LostRace, match="Ingrid Solheim sent the order"):
        ordering.save_answers(stale, {"environments": []}, by=story.actor("ingrid"), now=story.now)


def test_submit_goes_to_support_with_a_receipt(story: Story) -> None:
    draft = story.draft()
    event = story.do(draft, "submit", "ingrid")
    assert told(event) == {"order_received": {INGRID}, "order_to_triage": SUPPORT}
    order = Order.objects.get(pk=draft.pk)
    assert (order.state, order.state_since, order.submitted_at) == ("support", story.now, story.now)
    assert order.submitted_answers["purpose"] == order.purpose
    assert order.submitted_answers["environments"] == ["TEST"]
    assert order.organisation == Organisation.objects.get(number="923609016")


def test_a_known_organisation_is_used_again(story: Story) -> None:
    first, second = story.order_in("support"), story.order_in("support", organisation_name="Nordsjø Surplus")
    assert first.organisation == second.organisation
    assert Organisation.objects.get().name == "Nordsjø Surplus AS", "the first name stays"


@pytest.mark.parametrize("field", [*FORM_FIELDS, "role", "environments"])
@pytest.mark.parametrize("blank", ["", "  "])
def test_every_field_is_asked_for_by_name(story: Story, field: str, blank: str) -> None:
    missing = {"role": {"as_seller": False}, "environments": {"environments": ()}}.get(field, {field: blank})
    draft = story.draft(**missing)
    with nothing_written(), pytest.raises(NotReady, match=f"These fields are empty: {field.replace('_', ' ')}"):
        story.do(draft, "submit", "ingrid")


@pytest.mark.parametrize(
    ("purpose", "sentence"),
    [("API", "full sentence"), ("Nordsjø Surplus AS", "organisation’s name"), ("la la la la la la la", "repeats")],
)
def test_a_plainly_insufficient_purpose_is_refused(story: Story, purpose: str, sentence: str) -> None:
    draft = story.draft(purpose=purpose)
    with nothing_written(), pytest.raises(NotReady, match=sentence):
        story.do(draft, "submit", "ingrid")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_example_text_is_refused_in_the_language_it_was_shown_in(story: Story, language: str) -> None:
    from django.utils.translation import gettext, override

    from accounts.lifecycle.purpose import EXAMPLE

    with override(language):
        shown = gettext(EXAMPLE.text)
    with pytest.raises(NotReady, match="This is the example text"):
        story.do(story.draft(purpose=shown), "submit", "ingrid")


def test_an_order_that_was_typed_over_since_it_was_read_is_judged_as_it_is_now(story: Story) -> None:
    draft = story.draft()
    seen_before = Order.objects.get(pk=draft.pk)
    ordering.save_answers(draft, {"purpose": ""}, by=story.actor("ingrid"), now=story.now)
    with nothing_written(), pytest.raises(NotReady, match="These fields are empty: purpose"):
        story.do(seen_before, "submit", "ingrid")


@pytest.mark.parametrize("state", ["draft", "support", "returned", "approval", "approved"])
def test_withdraw_from_wherever_it_waits(story: Story, state: str) -> None:
    order = story.order_in(state)
    event = story.do(order, "withdraw", "ingrid", comment="Not needed any more.")
    assert told(event) == {"order_withdrawn": SUPPORT}
    assert (event.source, event.target, event.comment) == (state, "withdrawn", "Not needed any more.")
    assert Order.objects.get(pk=order.pk).answer_by is None


@pytest.mark.parametrize("state", ["draft", "support", "returned", "approved"])
def test_reopen_keeps_everything_that_was_typed(story: Story, state: str) -> None:
    order = story.order_in(state, environments=("TEST", "PRODUCTION"))
    before = ordering.answers_of(order)
    story.do(order, "withdraw", "ingrid")
    event = story.do(order, "reopen", "ingrid")
    assert told(event) == {}
    order = Order.objects.get(pk=order.pk)
    assert order.state == "draft"
    assert ordering.answers_of(order) == before
    story.do(order, "submit", "ingrid")
    assert Order.objects.get(pk=order.pk).state == "support"


def test_rejected_is_final(story: Story) -> None:
    order = story.order_in("rejected")
    for verb in ("reopen", "withdraw", "submit", "resubmit"):
        with nothing_written(), pytest.raises(NotReady):
            story.do(order, verb, "ingrid")


@pytest.mark.parametrize(("given", "kept"), [("", "Ingrid Solheim"), ("Ingrid S.", "Ingrid S.")])
def test_the_portal_learns_the_name_of_a_requester_who_signed_up_with_an_address(
    story: Story, given: str, kept: str
) -> None:
    Person.objects.filter(pk=story.ingrid.pk).update(name=given)
    story.order_in("support")
    story.ingrid.refresh_from_db()
    assert story.ingrid.name == kept
