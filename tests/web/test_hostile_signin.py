"""Somebody who wants in and should not get in: codes tried again, sessions planted, addresses that lead away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import roles, tokens
from accounts.lifecycle.states import Role
from accounts.models import Person, Scope
from portal.environment import BASE_DIR
from tests.story import Story
from tests.web.staff_pages import browser, read
from tests.web.test_second_factor import code, with_app
from tests.web.test_signin import CONFIRM, SIGN_IN, ask_for_code, code_in, signed_in
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db
AWAY = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"]


# --- codes


def test_a_code_works_in_the_browser_that_asked_and_nowhere_else() -> None:
    mine, other = Client(), Client()
    first = ask_for_code(mine, "kari@example.com")
    ask_for_code(other, "kari@example.com")
    other.post(CONFIRM, {"code": first})
    assert signed_in(other) is None
    assert Client().post(CONFIRM, {"code": first}).status_code == 302
    mine.post(CONFIRM, {"code": first})
    assert signed_in(mine)


def test_a_code_works_once(client: Client) -> None:
    typed = ask_for_code(client, "kari@example.com")
    client.post(CONFIRM, {"code": typed})
    client.post("/account/logout/")
    client.post(CONFIRM, {"code": typed})
    assert signed_in(client) is None


def test_a_newer_code_ends_the_one_before(client: Client) -> None:
    first = ask_for_code(client, "kari@example.com")
    client.post(CONFIRM, {"action": "resend"})
    assert len(mail.outbox) == 2
    client.post(CONFIRM, {"code": first})
    assert signed_in(client) is None
    client.post(CONFIRM, {"code": code_in(str(mail.outbox[-1].body))})
    assert signed_in(client)


def test_guessing_in_many_browsers_ends_with_the_mails() -> None:
    """Five guesses a code and three codes a minute: the codes have eight letters, so that nobody gets through."""
    for _browser in range(3):
        client = Client()
        ask_for_code(client, "kari@example.com")
        for _guess in range(5):
            client.post(CONFIRM, {"code": "AAAA-AAAA"})
        assert signed_in(client) is None
    assert b"Too many attempts" in Client().post(SIGN_IN, {"login": "kari@example.com"}).content
    assert len(mail.outbox) == 3


def test_the_same_six_digits_do_not_work_twice() -> None:
    person = with_app(Person.objects.create_user("kari@example.com", "Kari"))
    typed = code()
    for expected in (str(person.pk), None):
        client = Client()
        client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
        client.post(reverse("mfa_authenticate"), {"code": typed})
        assert signed_in(client) == expected


def test_a_recovery_code_works_once() -> None:
    person = with_app(Person.objects.create_user("kari@example.com", "Kari"))
    typed = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for expected in (str(person.pk), None):
        client = Client()
        client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
        client.post(reverse("mfa_authenticate"), {"code": typed})
        assert signed_in(client) == expected


def test_guessing_the_second_step_ends() -> None:
    person = with_app(Person.objects.create_user("kari@example.com", "Kari"))
    client = Client()
    client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
    for guess in range(5):
        client.post(reverse("mfa_authenticate"), {"code": f"00000{guess}"})
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert signed_in(client) is None


def test_the_second_step_cannot_be_left_out(story: Story) -> None:
    person = with_app(story.support)
    client = Client()
    client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
    for url in ("/staff/worklist/", "/orders/", "/docs/", "/account/2fa/", "/account/sessions/"):
        assert client.get(url)["Location"].startswith("/account/login/"), url


# --- sessions


def test_a_session_that_was_planted_is_not_the_one_that_signs_in(client: Client) -> None:
    client.get(SIGN_IN)
    typed = ask_for_code(client, "kari@example.com")
    planted = client.session.session_key
    client.post(CONFIRM, {"code": typed})
    assert signed_in(client)
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted or ""
    assert thief.get("/orders/").status_code == 302


def test_a_role_taken_away_counts_with_the_next_page(story: Story) -> None:
    client = browser(story, "support")
    assert client.get("/staff/worklist/").status_code == 200
    said = {"by": story.actor("administrator"), "now": story.now}
    roles.change_roles(story.support, [Role.CEGAL], comment="She moved.", **said)
    assert client.get("/staff/worklist/").status_code == 403
    assert client.get("/cegal/").status_code == 200


def test_whoever_is_deactivated_is_out_with_the_next_page(story: Story) -> None:
    client = browser(story, "support")
    assert client.get("/staff/worklist/").status_code == 200
    roles.deactivate(story.support, by=story.actor("administrator"), now=story.now, comment="Left.")
    assert client.get("/staff/worklist/")["Location"] == "/account/login/?next=/staff/worklist/"


def test_before_a_person_is_deactivated_their_tokens_are_named(story: Story) -> None:
    """A token is a program's, and goes on; but whoever made it may know it."""
    ada = story.actor("administrator")
    other = story.person("eva@loop.example", "Eva Admin", Role.ADMINISTRATOR)
    url = reverse("person_deactivate", args=[story.administrator.pk])
    client = browser_of(other)
    assert "API tokens" not in read(client, url).split("<main")[1]
    for days in (30, 90):
        made = tokens.make("Gateway", scopes=[Scope.USAGE_WRITE], days=days, by=ada, now=timezone.now())
    assert "made API tokens that still work, and may know them: 2." in read(client, url)
    tokens.revoke(made.token, by=ada, now=timezone.now())
    assert "may know them: 1." in read(client, url)


def test_pages_of_somebody_are_kept_by_no_cache_between(story: Story) -> None:
    assert browser(story, "ingrid").get("/orders/")["Cache-Control"] == "private, no-cache"
    assert browser(story, "ingrid").get("/about/")["Cache-Control"] == "private, no-cache"
    assert "Cache-Control" not in Client().get("/")


# --- addresses


@pytest.mark.parametrize("away", AWAY)
def test_no_address_leads_away(story: Story, away: str) -> None:
    client = Client()
    client.get(SIGN_IN, {"next": away})
    before = len(mail.outbox)
    client.post(f"{SIGN_IN}?next={away}", {"login": "kari@example.com", "next": away})
    assert len(mail.outbox) == before + 1
    typed = code_in(str(mail.outbox[-1].body))
    answer = client.post(f"{CONFIRM}?next={away}", {"code": typed, "next": away})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    for url in ("/account/logout/", "/preferences/theme", "/preferences/language", "/account/again/"):
        answer = browser(story, "ingrid").post(f"{url}?next={away}", {"next": away, "language": "nb"})
        assert answer.status_code == 302, url
        assert "evil" not in answer["Location"], url
        assert "javascript" not in answer["Location"], url


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil.example", "evil.example:80"])
def test_a_host_that_is_not_ours_is_refused(host: str) -> None:
    assert Client().get(SIGN_IN, headers={"host": host}).status_code == 400


def test_a_host_that_only_a_header_names_is_not_believed() -> None:
    page = Client().get(SIGN_IN, headers={"x-forwarded-host": "evil.example"})
    assert (page.status_code, "evil" in page.content.decode()) == (200, False)


def test_nobody_adds_an_address_to_a_session_they_found(story: Story) -> None:
    client = browser(story, "support")
    assert client.get("/account/email/")["Location"] == reverse("mfa_index")
    client.post("/account/email/", {"email": "evil@evil.example", "action_add": ""})
    assert not EmailAddress.objects.filter(email__contains="evil").exists()
    assert mail.outbox == []


def test_forms_without_their_token_are_refused(story: Story) -> None:
    client = browser_of(story.administrator, enforce_csrf_checks=True)
    urls = [SIGN_IN, "/account/logout/", "/account/again/", "/preferences/language", "/staff/tokens/new/"]
    for url in [*urls, f"/staff/environments/{story.test.pk}/documentation/"]:
        assert client.post(url, {"login": "kari@example.com"}).status_code == 403, url
    assert mail.outbox == []


def test_whoever_is_deactivated_meanwhile_is_told_so() -> None:
    page = Client().get("/account/inactive/").content.decode()
    assert "You cannot sign in to this portal any more." in page


# --- known or not


def test_the_answer_takes_as_long_for_whoever_is_not_known() -> None:
    """Both write, both send a mail; what differs is less than what the same request differs from itself."""
    Person.objects.create_user("known@example.com")
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(9):
        cache.clear()
        for kind, email in (("known", "known@example.com"), ("unknown", f"new{number}@example.com")):
            began = time.perf_counter()
            Client().post(SIGN_IN, {"login": email})
            times[kind].append(time.perf_counter() - began)
    fastest = {kind: min(taken) for kind, taken in times.items()}
    assert fastest["unknown"] < 3 * fastest["known"]
    assert len(mail.outbox) == 18


# --- in production


@pytest.mark.sqlite_only
def test_cookies_in_production_are_for_this_host_alone_and_for_no_script() -> None:
    asked = """
import django, json
from django.conf import settings as s
names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
  "LANGUAGE_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE",
  "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_DOMAIN", "CSRF_COOKIE_PATH", "SECURE_SSL_REDIRECT",
  "REQUIRE_SECOND_FACTOR", "ALLOWED_HOSTS", "USE_X_FORWARDED_HOST"]
print(json.dumps({name: getattr(s, name) for name in names}))
"""
    given = {
        "DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": "postgres://u:p@127.0.0.1:1/x",
        "SECRET_KEY": "s" * 60, "CREDENTIAL_KEYS": "k1:" + "A" * 43 + "=", "PORTAL_URL": "https://portal.example",
        "EMAIL_URL": "smtp+tls://u:p@127.0.0.1:1", "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "ALLOWED_HOSTS": "portal.example", "PATH": os.environ["PATH"],
    }  # fmt: skip
    run = [sys.executable, "-c", asked]
    done = subprocess.run(run, env=given, cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    assert said.pop("ALLOWED_HOSTS") == ["portal.example"]
    names = (said.pop("SESSION_COOKIE_NAME"), said.pop("CSRF_COOKIE_NAME"))
    assert names == ("__Host-session", "__Host-csrf")
    assert {name for name, value in said.items() if value is True} == {
        "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
        "SECURE_SSL_REDIRECT", "REQUIRE_SECOND_FACTOR",
    }  # fmt: skip
    assert (said["SESSION_COOKIE_SAMESITE"], said["CSRF_COOKIE_SAMESITE"]) == ("Lax", "Lax")
    assert (said["SESSION_COOKIE_DOMAIN"], said["SESSION_COOKIE_PATH"]) == (None, "/")
