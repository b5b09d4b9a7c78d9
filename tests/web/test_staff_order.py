"""The order's page for staff: what it says, and the way of a decision from the panel to the verb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import ordering
from accounts.gateways.loop import Outcome, TokenCheck
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Credential, Event, Order
from tests.story import NOW, PURPOSE, Story
from tests.web.staff_pages import browser, decide, hidden_fields, queries, read, words


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def now(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def test_the_page_says_who_asks_for_what_and_why(story: Story) -> None:
    order = story.order_in("support", environments=("TEST", "PRODUCTION"))
    text = words(read(browser(story, "support"), page(order)))
    for said in ("Nordsjø Surplus AS", "923609016", "Seller", "SAP", PURPOSE, "Tor Teknisk", "Ingrid Solheim"):
        assert said in text
    assert "TEST PRODUCTION" in text
    assert "Ingrid Solheim sent the order" in text


@pytest.mark.parametrize("state", [state.value for state in OrderState if state is not OrderState.DRAFT])
@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_the_page_opens_in_every_state(story: Story, who: str, state: str) -> None:
    order = story.order_in(state)
    assert order.reference in read(browser(story, who), page(order))


def test_a_draft_is_its_requesters_alone(story: Story) -> None:
    order = story.order_in("draft")
    read(browser(story, "support"), page(order), 404)
    own = story.draft("support")
    answer = browser(story, "support").get(page(own))
    assert (answer.status_code, answer["Location"]) == (302, reverse("order", args=[own.reference]))


@pytest.mark.parametrize("reference", ["LA-2026-9999", "x" * 400, "1-OR-1"])
def test_an_order_that_is_not_there_is_404(story: Story, reference: str) -> None:
    read(browser(story, "support"), f"/staff/orders/{reference}/", 404)


def test_what_changed_since_it_was_last_sent_is_marked(story: Story) -> None:
    order = story.order_in("returned")
    changed = {"purpose": "We also send pumps to Loop every night, for project Ekko (P-4471).", "as_broker": True}
    ordering.save_answers(order, changed, by=story.actor("ingrid"), now=NOW)
    story.do(order, "resubmit", "ingrid", comment="I added the pumps.")
    text = words(read(browser(story, "support"), page(order)))
    assert (
        f"Purpose Changed We also send pumps to Loop every night, for project Ekko (P-4471). Before: {PURPOSE}" in text
    )
    assert "Role in Loop Changed Seller + Broker Before: Seller" in text
    assert text.count(" Changed ") == 2
    assert "I added the pumps." in text


def test_a_likely_duplicate_is_shown_with_its_last_use(story: Story) -> None:
    used = story.account(client_id="nordsjo-test", last_used_on=date(2026, 11, 20))
    story.account(client_id="nordsjo-production", environment=story.production)
    story.account_in("closed", client_id="nordsjo-closed")
    order = story.order_in("support")
    text = read(browser(story, "support"), page(order))
    warned = text.split("Possible duplicate")[1].split("</ul>")[0]
    assert reverse("staff_account", args=[used.pk]) in warned
    assert "last used 20 Nov 2026" in words(warned)
    assert "nordsjo-production" not in warned
    assert "nordsjo-closed" not in warned


def test_its_own_account_is_no_duplicate(story: Story) -> None:
    assert "Possible duplicate" not in read(browser(story, "support"), page(story.order_in("issued")))


def test_the_organisations_other_orders_and_accounts_are_listed(story: Story) -> None:
    rejected = story.order_in("rejected")
    account = story.account(client_id="nordsjo-imported")
    story.draft()
    elsewhere = story.order_in("support", organisation_number="974760673", organisation_name="Other AS")
    text = read(browser(story, "support"), page(story.order_in("support")))
    others = text.split("other orders and accounts")[-1]
    assert rejected.reference in others
    assert account.client_id in others
    assert elsewhere.reference not in others


def test_internal_notes_are_marked(story: Story) -> None:
    order = story.order_in("support")
    story.do(order, "send_for_approval", "support", comment="Known customer.")
    text = words(read(browser(story, "responsible"), page(order)))
    assert "Internal: the requester does not see this Known customer." in text
    assert "Marte Lunde wrote to the approver: Known customer." in text


def test_the_number_of_queries_does_not_grow_with_history_and_neighbours(story: Story) -> None:
    order = story.order_in("support", environments=("TEST", "PRODUCTION"))
    story.order_in("rejected")
    story.account()
    client = browser(story, "support")
    few = queries(client, page(order))
    for _number in range(9):
        story.order_in("rejected", environments=("TEST", "PRODUCTION"))
        story.account()
        story.do(order, "return", "support", comment="More, please.")
        story.do(order, "resubmit", "ingrid")
    assert queries(client, page(order)) == few


# --- the panel


@pytest.mark.parametrize(
    ("state", "who", "offered"),
    [
        ("support", "support", ["send_for_approval", "return", "reject"]),
        ("support", "responsible", []),
        ("support", "administrator", []),
        ("approval", "responsible", ["approve", "return", "reject"]),
        ("approval", "support", []),
        ("approved", "support", ["send_to_cegal"]),
        ("cegal_setup", "support", []),
        ("credential_issue", "support", ["issue_credentials"]),
        ("credential_issue", "administrator", []),
        ("issued", "support", []),
        ("rejected", "support", []),
        ("returned", "support", []),
    ],
)
def test_the_panel_offers_exactly_what_is_open(story: Story, state: str, who: str, offered: list[str]) -> None:
    text = read(browser(story, who), page(story.order_in(state)))
    shown = [part.split('"')[0] for part in text.split('type="radio" name="verb" value="')[1:]]
    assert shown == offered
    assert ("Nothing for you to do" in text) == (not offered)


def test_who_cannot_act_is_told_whose_turn_it_is(story: Story) -> None:
    support = browser(story, "support")
    assert "It is the Service Responsible’s turn." in read(support, page(story.order_in("approval")))
    assert "It is Cegal’s turn." in read(support, page(story.order_in("cegal_setup")))
    assert "It is the requester’s turn." in read(support, page(story.order_in("returned")))
    assert "This order is finished." in read(support, page(story.order_in("issued")))


def test_duties_are_kept_apart_and_explained(story: Story) -> None:
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    story.both = both  # type: ignore[attr-defined]
    order = story.order_in("support")
    story.do(order, "send_for_approval", both)
    client = browser(story, "both")
    text = read(client, page(order))
    assert "You sent this order for approval yourself. Somebody else must approve it." in text
    assert 'value="approve" disabled' in text
    answer = decide(client, now(order), "approve")
    assert answer.status_code == 422
    done = client.post(reverse("order_verb", args=[order.reference, "approve"]), {"version": now(order).version})
    assert done.status_code == 403
    assert now(order).state == "approval"


def test_somebody_with_cegals_role_too_sets_up_on_cegals_page_only(story: Story) -> None:
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.CEGAL)
    story.both = both  # type: ignore[attr-defined]
    order = story.order_in("cegal_setup")
    client = browser(story, "both")
    text = read(client, page(order))
    assert 'value="hand_back"' in text
    assert "complete_setup" not in text
    answer = decide(client, order, "complete_setup", client_secret__TEST="canary", client_id__TEST="x")
    assert answer.status_code == 422
    assert "canary" not in answer.content.decode()


# --- the way of a decision


def test_a_decision_is_shown_once_more_and_then_done(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(client, order, "send_for_approval", comment="Known customer & more.")
    asked = answer.content.decode()
    assert answer.status_code == 200
    assert now(order).state == "support"
    assert "Known customer &amp; more." in asked
    done = client.post(reverse("order_verb", args=[order.reference, "send_for_approval"]), hidden_fields(asked))
    assert (done.status_code, done["Location"]) == (302, page(order))
    assert now(order).state == "approval"
    assert Event.objects.get(subject_id=order.pk, verb="send_for_approval").comment == "Known customer & more."
    assert "Sent for approval." in read(client, page(order))


def test_comments_on_fields_survive_the_way(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(
        client, order, "return", comment="Two things.", comment_purpose="Which project?", answer_by="2026-12-24"
    )
    text = words(answer.content.decode())
    assert "Purpose Which project?" in text
    assert "Answer by 24 Dec 2026" in text
    client.post(reverse("order_verb", args=[order.reference, "return"]), hidden_fields(answer.content.decode()))
    event = Event.objects.get(subject_id=order.pk, verb="return")
    assert event.data["comments"] == [{"field": "purpose", "text": "Which project?"}]
    assert now(order).answer_by == date(2026, 12, 24)


def test_what_is_missing_is_said_at_the_field_and_nothing_is_lost(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(client, order, "reject", comment="  ")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is 1 problem" in text
    assert 'href="#id_reject-comment"' in text
    assert 'value="reject" checked' in text
    assert now(order).state == "support"
    typed = decide(client, order, "return", comment_purpose="Which project?", answer_by="tomorrow").content.decode()
    assert "Which project?" in typed
    assert "<details" in typed
    assert " open>" in typed.split("<details")[1]


@pytest.mark.parametrize("verb", ["", "nonsense", "approve", "activate", "submit", "x" * 5000, "\x00"])
def test_a_choice_that_is_not_open_is_no_choice(story: Story, verb: str) -> None:
    order = story.order_in("support")
    answer = browser(story, "support").post(page(order), {"verb": verb, "version": order.version})
    assert answer.status_code == 422
    assert "Choose what should happen." in answer.content.decode()


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000, "٣"])
def test_a_version_that_is_no_version_counts_as_old(story: Story, version: str) -> None:
    order = story.order_in("support")
    answer = browser(story, "support").post(page(order), {"verb": "reject", "version": version})
    assert answer.status_code == 409


@pytest.mark.parametrize("version", ["x", "-1", "9" * 5000, "1e5"])
def test_a_version_that_is_no_version_decides_nothing(story: Story, version: str) -> None:
    order = story.order_in("support")
    url = reverse("order_verb", args=[order.reference, "reject"])
    answer = browser(story, "support").post(url, {"version": version, "comment": "Not a customer."})
    assert answer.status_code == 409
    assert "Not a customer." in answer.content.decode()
    assert now(order).state == "support"


def test_whoever_comes_second_is_told_who_was_first_and_keeps_what_they_typed(story: Story) -> None:
    order = story.order_in("support")
    late = browser(story, "colleague")
    story.do(now(order), "return", "support", comment="Which project?")
    story.do(now(order), "resubmit", "ingrid")
    answer = decide(late, order, "reject", comment="Not a customer of ours.")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "This order changed while you were reading" in text
    assert "Ingrid Solheim sent the order again on 2026-11-23 at 13:00." in text
    assert "Not a customer of ours." in text
    assert now(order).state == "support"
    again = decide(late, now(order), "reject", comment="Not a customer of ours.")
    assert again.status_code == 200


def test_a_second_press_of_the_last_button_changes_nothing(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    fields = hidden_fields(decide(client, order, "send_for_approval").content.decode())
    url = reverse("order_verb", args=[order.reference, "send_for_approval"])
    assert client.post(url, fields).status_code == 302
    assert client.post(url, fields).status_code == 409
    assert Event.objects.filter(subject_id=order.pk, verb="send_for_approval").count() == 1


def test_a_long_comment_is_refused_in_words(story: Story) -> None:
    answer = decide(browser(story, "support"), story.order_in("support"), "reject", comment="x" * 2001)
    assert answer.status_code == 422
    assert "at most 2000 characters" in answer.content.decode()


# --- credentials


def test_credentials_are_shown_without_the_secret(story: Story) -> None:
    order = story.order_in("credential_issue", environments=("TEST", "PRODUCTION"))
    text = read(browser(story, "support"), page(order))
    for account in order.accounts.all():
        assert account.client_id in text
    assert text.count("Not verified yet") == 2
    assert text.count("Verify now") == 2
    assert "secret-TEST" not in text
    assert Credential.objects.first().sealed_secret not in text  # type: ignore[union-attr]
    assert "Verify now" not in read(browser(story, "responsible"), page(order))


def test_a_new_credential_is_looked_at_again_until_it_was_checked(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    text = read(client, page(order))
    assert "The portal is asking the token URL." in text
    assert 'hx-trigger="every 5s"' in text
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        assert "hx-trigger" not in read(client, page(order))
    Credential.objects.update(checked_at=NOW, check_outcome=Outcome.TIMEOUT.value, check_sentence="No answer.")
    text = read(client, page(order))
    assert "hx-trigger" not in text
    assert "Not verified: the token URL did not answer in time" in text


@pytest.mark.parametrize(
    ("outcome", "title", "tone"),
    [
        (Outcome.OK, "Verified", "good"),
        (Outcome.WRONG_SECRET, "Not verified: the client ID or the secret is wrong", "bad"),
    ],
)
def test_verify_asks_now_and_says_what_came_of_it(
    story: Story, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, title: str, tone: str
) -> None:
    order = story.order_in("credential_issue")
    said = TokenCheck(outcome, "%(host)s answered.", {"host": "apis-test-vi.collabor8.no"})
    monkeypatch.setattr("accounts.gateways.loop.check_token", lambda *_args, **_kwargs: said)
    client = browser(story, "support")
    credential = Credential.objects.get(account__order=order)
    answer = client.post(reverse("credential_verify", args=[credential.pk]))
    assert (answer.status_code, answer["Location"]) == (302, page(order))
    text = read(client, page(order))
    assert "TEST: apis-test-vi.collabor8.no answered." in text
    assert f'data-tone="{tone}"' in text
    assert title in text
    assert "Check again" in text


def test_a_secret_that_is_gone_cannot_be_verified(story: Story) -> None:
    order = story.order_in("issued")
    credential = Credential.objects.get(account__order=order)
    Credential.objects.filter(pk=credential.pk).update(sealed_secret="", destroyed_at=NOW)
    client = browser(story, "support")
    client.post(reverse("credential_verify", args=[credential.pk]))
    assert "not stored any more" in read(client, reverse("staff_account", args=[credential.account_id]))


def test_cegal_verifies_only_what_it_may_see(story: Story) -> None:
    handed = story.order_in("issued")
    other = story.account()
    credential = Credential.objects.get(account__order=handed)
    Credential.objects.filter(pk=credential.pk).update(account=other)
    assert browser(story, "cegal").post(reverse("credential_verify", args=[credential.pk])).status_code == 404


def test_issuing_asks_for_references_and_for_the_reason_of_an_override(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    missing = decide(client, order, "issue_credentials", override="on")
    assert missing.status_code == 422
    assert "Write why you issue unverified credentials." in missing.content.decode()
    answer = decide(client, order, "issue_credentials", loop_reference__TEST="L-77", override="on", comment="Tested.")
    text = words(answer.content.decode())
    assert "Reference in Loop, TEST L-77" in text
    assert "Issue although not every credential is verified Yes" in text
    done = client.post(
        reverse("order_verb", args=[order.reference, "issue_credentials"]), hidden_fields(answer.content.decode())
    )
    assert done.status_code == 302
    assert now(order).state == "issued"
    assert order.accounts.get().loop_reference == "L-77"


def test_unverified_credentials_are_not_issued_without_an_override(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "support")
    answer = decide(client, order, "issue_credentials", loop_reference__TEST="L-77")
    done = client.post(
        reverse("order_verb", args=[order.reference, "issue_credentials"]), hidden_fields(answer.content.decode())
    )
    assert "are not verified. Verify them first." in done.content.decode()
    assert now(order).state == "credential_issue"


def test_the_next_order_to_decide_is_offered_to_whoever_may_decide_it(story: Story) -> None:
    first, second = story.order_in("approval"), story.order_in("approval")
    Order.objects.filter(pk=first.pk).update(state_since=NOW - timedelta(days=1))
    assert f"Next to decide: {first.reference}" in read(browser(story, "responsible"), page(second))
    assert "Next to decide" not in read(browser(story, "support"), page(second))
