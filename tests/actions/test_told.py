"""Who is told of what: each verb of an order and of an account, one mail an address and kind."""

from __future__ import annotations

import pytest

from accounts.lifecycle.states import Role
from accounts.models import Message, Notice
from tests.actions.tools import HENRIK, INGRID, MARTE, SILJE, SUPPORT, TOR, told
from tests.story import Story

ORDER_MAILS = [
    ("draft", "submit", "ingrid", {"order_received": {INGRID}, "order_to_triage": SUPPORT}),
    ("support", "send_for_approval", "support", {"order_to_approve": {HENRIK}}),
    ("support", "return", "support", {"order_returned": {INGRID}}),
    ("support", "reject", "support", {"order_rejected": {INGRID}, "order_rejected_copy": SUPPORT}),
    ("support", "withdraw", "ingrid", {"order_withdrawn": SUPPORT}),
    ("returned", "resubmit", "ingrid", {"order_resubmitted": SUPPORT}),
    ("approval", "approve", "responsible", {"order_approved": SUPPORT, "order_approved_receipt": {INGRID}}),
    ("approval", "return", "responsible", {"order_returned": {INGRID}}),
    ("approval", "reject", "responsible", {"order_rejected": {INGRID}, "order_rejected_copy": SUPPORT}),
    ("approved", "send_to_cegal", "support", {"order_to_set_up": {SILJE}}),
    ("cegal_setup", "hand_back", "cegal", {"order_handed_back": SUPPORT}),
    ("cegal_setup", "complete_setup", "cegal", {"setup_completed": SUPPORT}),
    ("credential_issue", "issue_credentials", "support", {"credentials_issued": {INGRID}}),
    ("withdrawn", "reopen", "ingrid", {}),
]


@pytest.mark.parametrize(("state", "verb", "who", "mails"), ORDER_MAILS)
def test_a_verb_of_an_order_tells(story: Story, state: str, verb: str, who: str, mails: dict[str, set[str]]) -> None:
    order = story.order_in(state)
    data = story.data_for(order, verb) or {"comment": "Because."}
    event = story.do(order, verb, who, **data)
    assert told(event) == mails


ACCOUNT_MAILS = [
    ("keep", "ingrid", {"account_kept": {INGRID}}),
    ("suspend", "support", {"account_suspended": {INGRID, TOR}}),
    ("close", "ingrid", {"account_closed": {INGRID, TOR}}),
]


@pytest.mark.parametrize(("verb", "who", "mails"), ACCOUNT_MAILS)
def test_a_verb_of_an_account_tells(story: Story, verb: str, who: str, mails: dict[str, set[str]]) -> None:
    account = story.account_in("notified", technical_email=TOR, technical_name="Tor")
    assert told(story.do(account, verb, who, comment="Because.")) == mails


def test_owner_and_requester_are_both_told_when_they_are_two(story: Story) -> None:
    order = story.order_in("credential_issue", owner_email="kari@nordsjo.example", owner_name="Kari")
    event = story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    assert told(event) == {"credentials_issued": {INGRID, "kari@nordsjo.example"}}


def test_an_owner_who_is_also_the_technical_contact_gets_one_mail(story: Story) -> None:
    account = story.account_in("active", technical_email="ingrid@nordsjo.example")
    event = story.do(account, "suspend", "support", comment="A leaked secret.")
    assert told(event) == {"account_suspended": {INGRID}}


def test_somebody_with_two_hats_gets_one_mail_of_each_kind(story: Story) -> None:
    """Support who requested the order gets the receipt as requester and the copy as Support."""
    draft = story.draft("support")
    event = story.do(draft, "submit", "support")
    assert told(event) == {"order_received": {MARTE}, "order_to_triage": SUPPORT}


def test_nobody_who_left_or_lost_the_role_is_told(story: Story) -> None:
    story.colleague.is_active = False
    story.colleague.save()
    story.person("former@support.example", "Former")
    event = story.do(story.draft(), "submit", "ingrid")
    assert told(event)["order_to_triage"] == {MARTE}


def test_a_role_that_nobody_holds_tells_nobody_and_does_not_stop_the_work(story: Story) -> None:
    story.responsible.grants.all().delete()
    order = story.order_in("support")
    assert told(story.do(order, "send_for_approval", "support")) == {}
    order.refresh_from_db()
    assert order.state == "approval"


def test_every_service_responsible_is_told(story: Story) -> None:
    story.person("second@loop.example", "Second", Role.SERVICE_RESPONSIBLE)
    event = story.do(story.order_in("support"), "send_for_approval", "support")
    assert told(event) == {"order_to_approve": {HENRIK, "second@loop.example"}}


def test_a_mail_knows_the_name_and_language_of_its_reader(story: Story) -> None:
    kari = story.person("kari@nordsjo.example", "Kari Nord", language="nb")
    account = story.account_in("active", owner=kari, technical_email=TOR, technical_name="Tor")
    event = story.do(account, "suspend", "support", comment="A leaked secret.")
    by_address = {m.to_email: m for m in Message.objects.filter(event=event)}
    owner, technical = by_address["kari@nordsjo.example"], by_address[TOR]
    assert (owner.to_name, owner.language, owner.person_id) == ("Kari Nord", "nb", kari.pk)
    assert (technical.to_name, technical.language, technical.person_id) == ("Tor", "nb", None)
    assert {m.state for m in by_address.values()} == {"queued"}
    assert {m.due_at for m in by_address.values()} == {story.now}


def test_a_mail_about_a_notice_belongs_to_it(story: Story) -> None:
    account = story.account_in("notified", technical_email=TOR)
    notice = Notice.objects.get(account=account)
    story.do(account, "keep", "ingrid", comment="Needed for project Ekko.")
    kinds = set(Message.objects.filter(notice=notice).values_list("kind", "to_email"))
    assert kinds == {
        ("inactivity_notice", INGRID),
        ("inactivity_notice", TOR),
        ("account_kept", INGRID),
    }


def test_saving_a_draft_or_looking_tells_nobody(story: Story) -> None:
    story.draft()
    assert not Message.objects.exists()
