"""The second factor: required of staff, asked for at sign-in and before what counts; sessions are listed and ended."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Event, Message, Person
from tests.story import Story
from tests.web.test_signin import CONFIRM, ask_for_code, signed_in
from tests.web.visitors import AN_HOUR, browser_of

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXP"


def code(secret: str = SECRET, at: float | None = None) -> str:
    """The six digits of this moment (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int((at or time.time()) // 30))))


def with_app(person: Person) -> Person:
    """The person, with an authenticator app and recovery codes."""
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)
    EmailAddress.objects.get_or_create(user=person, email=person.email, defaults={"verified": True})
    return person


@pytest.fixture
def required(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


# --- required of staff


def test_staff_set_one_up_before_anything_else(story: Story, required: None) -> None:
    client = browser_of(story.support)
    answer = client.get("/staff/worklist/")
    assert answer["Location"] == reverse("second_factor_first")
    text = client.get(answer["Location"]).content.decode()
    assert reverse("mfa_activate_totp") in text
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r"<strong>([A-Z2-7]{16,})</strong>", page.content.decode())
    assert secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret[1])})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    codes = client.get(answer["Location"]).content.decode()
    assert len(re.findall(r"<li>\d{8}", codes)) == 10
    assert client.get("/staff/worklist/").status_code == 200
    kept = Authenticator.objects.get(type="totp").data
    assert secret[1] not in str(kept)
    assert kept["secret"].startswith("v1.")


def test_what_staff_had_typed_is_shown(story: Story, required: None) -> None:
    order = story.order_in("support")
    client = browser_of(story.support)
    url = reverse("order_verb", args=[order.reference, "return"])
    answer = client.post(url, {"comment": "Which project is it for?"})
    assert answer.status_code == 403
    assert "Which project is it for?" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "support"


@pytest.mark.parametrize("who", ["ingrid", "stranger"])
def test_requesters_need_none(story: Story, required: None, who: str) -> None:
    assert browser_of(getattr(story, who)).get("/orders/").status_code == 200


def test_whoever_comes_by_single_sign_on_needs_none(story: Story, required: None) -> None:
    client = browser_of(story.support)
    session = client.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "at": time.time()}]
    session.save()
    assert client.get("/staff/worklist/").status_code == 200


def test_the_demo_asks_nobody(story: Story) -> None:
    assert browser_of(story.support).get("/staff/worklist/").status_code == 200


# --- signing in


@pytest.mark.parametrize("how", ["app", "recovery code"])
def test_signing_in_takes_both_steps(client: Client, how: str) -> None:
    person = with_app(Person.objects.create_user("kari@example.com", "Kari"))
    answer = client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
    assert answer["Location"] == reverse("mfa_authenticate")
    assert signed_in(client) is None
    page = client.get(reverse("mfa_authenticate")).content.decode()
    assert "Second step" in page
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client.post(reverse("mfa_authenticate"), {"code": code() if how == "app" else recovery})
    assert signed_in(client) == str(person.pk)


def test_a_wrong_second_step_signs_nobody_in(client: Client) -> None:
    person = with_app(Person.objects.create_user("kari@example.com", "Kari"))
    client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
    answer = client.post(reverse("mfa_authenticate"), {"code": "000000" if code() != "000000" else "111111"})
    assert "not the code of this moment" in answer.content.decode()
    assert signed_in(client) is None


def test_the_last_one_of_staff_stays(story: Story, required: None) -> None:
    client = browser_of(with_app(story.support))
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time(), "reauthenticated": True}]
    session.save()
    answer = client.post(reverse("mfa_deactivate_totp"))
    assert "Add another one first" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()


# --- before what counts


def approved(client: Client, story: Story, comment: str = "Good") -> tuple[Any, Any]:
    """Press Approve on an order that waits; the order, and the answer."""
    order = story.order_in("approval")
    sent = {"verb": "approve", "comment": comment, "version": str(order.version), "confirmed": "yes"}
    return order, client.post(reverse("approval", args=[order.reference]), sent)


def kept_form(client: Client, address: str) -> tuple[str, dict[str, str]]:
    """Where the kept form goes, and its fields."""
    text = client.get(address).content.decode()
    action = re.search(r'action="([^"]+)" data-go-on', text)
    assert action, text
    return action[1], dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


def test_approving_long_after_signing_in_asks_anew_and_keeps_everything(story: Story) -> None:
    client = browser_of(story.responsible, signed_in_ago=AN_HOUR)
    order, answer = approved(client, story, "Good, with a comment")
    order.refresh_from_db()
    assert order.state == "approval"
    page = client.get(answer["Location"])
    goes_on = re.search(r'name="next" value="(/account/go-on/\w+/)"', page.content.decode())
    assert goes_on
    again = client.post(reverse("sign_in_again"), {"next": goes_on[1]})
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    back = client.post(again["Location"], {"code": found[1], "next": goes_on[1]})
    assert back["Location"] == goes_on[1]
    action, fields = kept_form(client, back["Location"])
    assert fields["comment"] == "Good, with a comment"
    client.post(action, fields)
    order.refresh_from_db()
    assert order.state == "approved"
    assert Event.objects.get(verb="approve").comment == "Good, with a comment"


def test_with_a_second_factor_a_code_by_email_is_not_enough(story: Story) -> None:
    client = browser_of(with_app(story.responsible))  # typed the code by email a moment ago
    order, answer = approved(client, story)
    way = client.get(answer["Location"])
    assert way["Location"].startswith(reverse("mfa_reauthenticate"))
    goes_on = re.search(r'name="next" value="(/account/go-on/\w+/)"', client.get(way["Location"]).content.decode())
    assert goes_on
    back = client.post(way["Location"], {"code": code(), "next": goes_on[1]})
    action, fields = kept_form(client, back["Location"])
    client.post(action, fields)
    order.refresh_from_db()
    assert order.state == "approved"


def test_a_second_factor_ten_minutes_ago_is_enough_and_eleven_is_not(story: Story) -> None:
    client = browser_of(with_app(story.responsible))
    for ago, state in ((660, "approval"), (540, "approved")):
        session = client.session
        session["account_authentication_methods"] = [{"method": "mfa", "at": time.time() - ago}]
        session.save()
        order, _answer = approved(client, story)
        order.refresh_from_db()
        assert order.state == state


def test_issuing_asks_anew(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser_of(story.support, signed_in_ago=AN_HOUR)
    url = reverse("order_verb", args=[order.reference, "issue_credentials"])
    answer = client.post(url, story.data_for(order, "issue_credentials"))
    assert answer["Location"].startswith(reverse("step_up"))
    order.refresh_from_db()
    assert order.state == "credential_issue"


def test_what_was_kept_is_for_its_person_alone(story: Story) -> None:
    client = browser_of(story.responsible, signed_in_ago=AN_HOUR)
    _order, answer = approved(client, story, "Only mine to see")
    goes_on = re.search(r'name="next" value="(/account/go-on/\w+/)"', client.get(answer["Location"]).content.decode())
    assert goes_on
    other = browser_of(story.stranger).get(goes_on[1], follow=True)
    assert "Only mine to see" not in other.content.decode()
    assert "not kept any more" in other.content.decode()
    cache.clear()
    late = browser_of(story.responsible).get(goes_on[1], follow=True)
    assert "not kept any more" in late.content.decode()


def test_stepping_up_leads_nowhere_else(story: Story) -> None:
    answer = browser_of(story.ingrid).get(reverse("step_up"), {"next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_a_second_factor_is_set_up_only_by_somebody_who_just_signed_in(story: Story) -> None:
    answer = browser_of(story.ingrid, signed_in_ago=AN_HOUR).get(reverse("mfa_activate_totp"))
    assert answer["Location"].startswith(reverse("step_up"))


@pytest.mark.parametrize(("language", "label"), [("en", "Name"), ("nb", "Navn")])
def test_a_passkeys_name_is_asked_for_in_the_readers_language(story: Story, language: str, label: str) -> None:
    answer = browser_of(story.ingrid).get(reverse("mfa_add_webauthn"), headers={"accept-language": language})
    found = re.search(r'<label[^>]*for="id_name"[^>]*>\s*([^<]*?)\s*<', answer.content.decode())
    assert found
    assert found[1] == label


# --- sessions


def test_sessions_are_listed_and_ended_one_by_one(story: Story) -> None:
    here, there, other = browser_of(story.ingrid), browser_of(story.ingrid), browser_of(story.stranger)
    for number, client in enumerate((here, there, other)):
        client.get("/orders/", headers={"user-agent": f"Browser {number}"})
    text = here.get(reverse("usersessions_list")).content.decode()
    assert "Browser 1" in text
    assert "Browser 2" not in text
    ends = re.findall(r'action="(/account/sessions/\d+/end/)"', text)
    assert len(ends) == 2
    assert other.post(ends[1]).status_code == 404
    here.post(ends[1])
    assert there.get("/orders/").status_code == 302
    assert here.get("/orders/").status_code == 200
    assert here.post(ends[0])["Location"] == reverse("account_login")
    assert here.get("/orders/").status_code == 302


# --- lost


def test_an_administrator_takes_a_lost_one_away(story: Story) -> None:
    person = with_app(story.support)
    theirs = browser_of(person)
    admin = browser_of(story.administrator)
    assert "Authenticator app" in admin.get(reverse("person", args=[person.pk])).content.decode()
    url = reverse("person_second_factor", args=[person.pk])
    assert admin.post(url, {"comment": "", "version": str(person.version)}).status_code == 422
    answer = admin.post(url, {"comment": "Lost her phone; I called her", "version": str(person.version)})
    assert answer.status_code == 302
    assert not Authenticator.objects.exists()
    assert theirs.get("/orders/").status_code == 302
    event = Event.objects.get(verb="reset_second_factor")
    assert (event.actor_name, event.comment) == ("Ada Admin", "Lost her phone; I called her")
    assert Message.objects.get(kind="second_factor_reset").to_email == person.email


@pytest.mark.parametrize(("who", "status"), [("support", 403), ("administrator", 403)])
def test_nobody_else_takes_it_away(story: Story, who: str, status: int) -> None:
    """Neither somebody without the role, nor the administrator themselves."""
    person = with_app(story.administrator)
    url = reverse("person_second_factor", args=[person.pk])
    answer = browser_of(getattr(story, who)).post(url, {"comment": "Mine", "version": str(person.version)})
    assert answer.status_code == status
    assert Authenticator.objects.exists()
