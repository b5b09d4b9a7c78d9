"""Pages for when something cannot be done: what to do next, in the person's language, and nothing typed is lost."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.shortcuts import render
from django.test import Client
from django.urls import get_resolver

from accounts.web import public
from tests.architecture.test_strangers import FOR_EVERYBODY, addresses, filled
from tests.story import Story
from tests.web.staff_pages import browser, words
from tests.web.visitors import browser_of

TYPED = "We need it for project Ekko & <Frigg>."
NO_FORMS = ("account/", "api/", "orders/new/autosave", "orders/<slug:reference>/autosave")
"""The sign-in's own pages; what programs and scripts send, which read the status and not the page."""

OURS = [address for address in addresses() if address not in FOR_EVERYBODY and not address.startswith(NO_FORMS)]


def places(story: Story) -> dict[str, str]:
    order = story.order_in("support")
    return {"reference": order.reference, "pk": str(story.account().pk), "verb": "return", "kind": "accounts"}


def says_what_was_typed(answer: Any) -> None:
    text = html.unescape(answer.content.decode())
    assert "What you wrote" in text
    assert TYPED in text
    assert "never shown" not in text


def test_every_form_keeps_what_was_typed_when_the_session_is_over(story: Story) -> None:
    """Also where there is no such order: whoever is signed out learns nothing but that."""
    known, looked_at = places(story), 0
    typed = {"comment": TYPED, "client_secret__TEST": "never shown", "csrfmiddlewaretoken": "never shown"}
    for address in OURS:
        answer = Client().post(filled(address, **known), typed, headers={"referer": f"http://testserver/{address}"})
        if answer.status_code in (404, 405):
            continue
        looked_at += 1
        assert answer.status_code == 403, address
        says_what_was_typed(answer)
        assert "/account/login/?next=%2F" in answer.content.decode(), address
    assert looked_at > 20


def test_every_form_keeps_what_was_typed_when_its_token_is_wrong(story: Story) -> None:
    known, looked_at = places(story), 0
    client = browser_of(story.support, enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "x" * 32
    typed = {"comment": TYPED, "password": "never shown", "csrfmiddlewaretoken": "y" * 32}
    for address in OURS:
        answer = client.post(filled(address, **known), typed)
        if "form is too old" not in answer.content.decode():
            assert answer.status_code in (401, 404, 405), address  # a program's door has no form
            continue
        looked_at += 1
        assert answer.status_code == 403
        says_what_was_typed(answer)
    assert looked_at > 20


def test_who_was_signed_out_comes_back_to_the_page_of_the_form(story: Story) -> None:
    order = story.order_in("support")
    page = f"/staff/orders/{order.reference}/?from=list"
    answer = Client().post(f"/staff/orders/{order.reference}/", {"comment": TYPED},
                           headers={"referer": f"http://testserver{page}"})  # fmt: skip
    assert "next=%2Fstaff%2Forders%2FLA-2026-0001%2F%3Ffrom%3Dlist" in answer.content.decode()
    elsewhere = Client().post("/orders/new/", {"system": TYPED}, headers={"referer": "https://evil.example/x"})
    assert "evil" not in elsewhere.content.decode()
    assert "next=%2Forders%2Fnew%2F" in elsewhere.content.decode()


def test_a_stale_page_says_who_was_first_and_keeps_the_comment(story: Story) -> None:
    order = story.order_in("support")
    story.do(order, "reject", "colleague", comment="No customer.")
    answer = browser(story, "support").post(
        f"/orders/{order.reference}/do/return/", {"version": order.version, "comment": TYPED}
    )
    assert answer.status_code == 409
    assert TYPED in html.unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (SuspiciousOperation("x"), 400, "The request could not be read"),
        (PermissionDenied(), 403, "You may not open this page"),
        (Http404("x"), 404, "There is nothing at this address"),
        (RuntimeError("secret detail"), 500, "Something went wrong on our side"),
        (OperationalError("secret detail"), 503, "The portal pauses for a moment"),
    ],
)
@pytest.mark.parametrize("language", ["en", "nb"])
def test_an_error_has_a_page_with_a_way_on(
    story: Story, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str, language: str
) -> None:
    def fail(*_a: Any, **_k: Any) -> None:
        raise error

    monkeypatch.setattr(public, "about", fail)
    client = Client(raise_request_exception=False, headers={"accept-language": language})
    answer = client.get("/")
    text = answer.content.decode()
    assert answer.status_code == status
    assert f'<html lang="{language}"' in text
    assert "secret detail" not in text
    assert re.search(r'<a class="ds-button" href="/">', text)
    assert settings.SUPPORT_EMAIL in text
    if language == "en":
        assert said in html.unescape(text)


def test_an_error_of_ours_has_the_number_under_which_it_is_logged(
    story: Story, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_a: Any, **_k: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(public, "about", fail)
    answer = Client(raise_request_exception=False).get("/")
    said = re.search(r"they find what happened: ([0-9a-f-]{36})", words(answer.content.decode()))
    assert said
    assert any(said[1] in str(record.msg) for record in caplog.records)


def test_the_database_is_away_everywhere_and_the_page_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database at all: the session cannot be read either."""
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32

    def away(*_a: Any, **_k: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
    answer = client.get("/orders/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "The portal pauses" in answer.content.decode()


def test_too_many_attempts_have_a_page(rf: Any) -> None:
    text = render(rf.get("/"), "429.html", status=429).content.decode()
    assert "Too many attempts" in text
    assert "Wait a few minutes" in text


def test_the_portal_uses_its_own_handlers() -> None:
    assert get_resolver().urlconf_module.handler500 == "accounts.web.problems.went_wrong"
    assert settings.CSRF_FAILURE_VIEW == "accounts.web.problems.csrf_failure"
