"""The way in: one field, one code, for known and unknown addresses alike."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import get_language

from accounts.models import Person
from accounts.web.signin import Adapter

pytestmark = pytest.mark.django_db

SIGN_IN = "/account/login/"
CONFIRM = "/account/login/code/confirm/"


def ask_for_code(client: Client, email: str, **headers: str) -> str:
    """Type the address; return the code from the mail."""
    before = len(mail.outbox)
    answer = client.post(SIGN_IN, {"login": email}, headers=headers)
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"].startswith(CONFIRM)
    assert len(mail.outbox) == before + 1
    return code_in(mail.outbox[-1].body)


def code_in(text: str) -> str:
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("known", [True, False])
def test_one_code_is_enough(client: Client, known: bool) -> None:
    if known:
        Person.objects.create_user("kari@example.com", "Kari")
    code = ask_for_code(client, "kari@example.com")
    answer = client.post(CONFIRM, {"code": code})
    assert answer.status_code == 302
    person = Person.objects.get()
    assert signed_in(client) == str(person.pk)
    assert EmailAddress.objects.get(user=person).verified
    assert not person.has_usable_password()


def test_known_and_unknown_look_the_same() -> None:
    Person.objects.create_user("known@example.com")
    answers = [Client().post(SIGN_IN, {"login": who}) for who in ("known@example.com", "other@example.com")]
    assert answers[0]["Location"] == answers[1]["Location"]
    first, second = (message.body for message in mail.outbox)
    assert first.replace(code_in(first), "") == second.replace(code_in(second), "")


def test_letters_big_or_small_are_one_person(client: Client) -> None:
    ask_for_code(client, "Ola@Example.com")
    ask_for_code(Client(), "ola@example.com")
    assert Person.objects.count() == 1


def test_a_wrong_code_signs_nobody_in(client: Client) -> None:
    ask_for_code(client, "kari@example.com")
    answer = client.post(CONFIRM, {"code": "AAAA-0000"})
    assert answer.status_code == 200
    assert b"not the code" in answer.content
    assert signed_in(client) is None
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_five_wrong_codes_end_the_attempt(client: Client) -> None:
    code = ask_for_code(client, "kari@example.com")
    for _attempt in range(5):
        client.post(CONFIRM, {"code": "AAAA-0000"})
    client.post(CONFIRM, {"code": code})
    assert signed_in(client) is None


def test_someone_who_may_not_sign_in_gets_a_mail_without_a_code(client: Client) -> None:
    """The same page and as many mails as for everybody else: nobody finds out who is deactivated."""
    Person.objects.create_user("gone@example.com", is_active=False)
    answer = client.post(SIGN_IN, {"login": "gone@example.com"})
    assert answer["Location"].startswith(CONFIRM)
    told = [(message.to, message.subject) for message in mail.outbox]
    assert told == [(["gone@example.com"], "Somebody asked for a sign-in code")]
    assert not re.search(r"^\s*[A-Z0-9]{3,}-?[A-Z0-9]{3,}\s*$", mail.outbox[0].body, re.MULTILINE)
    text = client.get(answer["Location"]).content.decode()
    other = Client()
    there = other.get(other.post(SIGN_IN, {"login": "here@example.com"})["Location"]).content.decode()
    token = re.compile(r"[A-Za-z0-9]{64}")
    assert token.sub("", text.replace("gone@", "here@")) == token.sub("", there)
    assert Person.objects.count() == 2


def test_a_person_is_deactivated_while_the_code_is_on_its_way(client: Client) -> None:
    person = Person.objects.create_user("kari@example.com")
    code = ask_for_code(client, "kari@example.com")
    Person.objects.filter(pk=person.pk).update(is_active=False)
    client.post(CONFIRM, {"code": code})
    assert signed_in(client) is None


def test_too_many_requests_are_refused_in_words(client: Client) -> None:
    for _attempt in range(3):
        ask_for_code(Client(), "kari@example.com")
    answer = client.post(SIGN_IN, {"login": "kari@example.com"})
    assert b"Too many attempts" in answer.content
    assert len(mail.outbox) == 3


def test_too_many_from_one_place_get_a_page_that_says_so(client: Client) -> None:
    """Whatever the addresses are: 30 a minute from one IP address."""
    answers = [client.post(SIGN_IN, {"login": "no address"}).status_code for _attempt in range(31)]
    assert set(answers[:30]) == {200}
    answer = client.post(SIGN_IN, {"login": "no address"})
    assert answer.status_code == 429
    assert "Too many" in answer.content.decode()


def test_a_mail_server_that_is_away_is_told_in_words(client: Client, settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = client.post(SIGN_IN, {"login": "kari@example.com"}, follow=True)
    assert b"could not be sent" in answer.content
    assert signed_in(client) is None


def test_after_the_code_the_person_is_where_they_wanted_to_be(client: Client) -> None:
    answer = client.post(SIGN_IN + "?next=/orders/", {"login": "kari@example.com", "next": "/orders/"})
    code = code_in(mail.outbox[-1].body)
    answer = client.post(answer["Location"], {"code": code, "next": "/orders/"})
    assert answer["Location"] == "/orders/"


@pytest.mark.parametrize("path", ["/account/password/set/", "/account/password/reset/", "/account/password/change/"])
def test_there_are_no_passwords(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/account/signup/", "/account/login/code/"])
def test_there_is_one_way_in(client: Client, path: str) -> None:
    assert client.get(path + "?next=/x/")["Location"] == SIGN_IN + "?next=/x/"


def test_sign_in_again_asks_for_a_new_code_and_comes_back(client: Client) -> None:
    person = Person.objects.create_user("kari@example.com")
    client.post(CONFIRM, {"code": ask_for_code(client, person.email)})
    answer = client.post(reverse("sign_in_again"), {"next": "/accounts/1/secret/"})
    assert signed_in(client) is None
    code = code_in(mail.outbox[-1].body)
    answer = client.post(answer["Location"], {"code": code, "next": "/accounts/1/secret/"})
    assert answer["Location"] == "/accounts/1/secret/"
    assert signed_in(client) == str(person.pk)


def test_sign_in_again_leads_nowhere_else(client: Client) -> None:
    client.post(CONFIRM, {"code": ask_for_code(client, "kari@example.com")})
    answer = client.post(reverse("sign_in_again"), {"next": "https://elsewhere.example/"})
    assert "elsewhere" not in answer["Location"]


@pytest.mark.parametrize(
    ("of_person", "of_browser", "of_mail"), [("nb", "en", "nb"), ("en", "nb", "en"), ("", "nb", "nb")]
)
def test_the_mail_is_in_the_language_of_the_person(
    client: Client, monkeypatch: pytest.MonkeyPatch, of_person: str, of_browser: str, of_mail: str
) -> None:
    """The person's own language wins over the browser's; where nothing is known, the browser's counts."""
    languages: list[str | None] = []
    render = Adapter.render_mail

    def spy(*args: Any, **kwargs: Any) -> Any:
        languages.append(get_language())
        return render(*args, **kwargs)

    monkeypatch.setattr(Adapter, "render_mail", spy)
    Person.objects.create_user("kari@example.com", language=of_person)
    ask_for_code(client, "kari@example.com", **{"accept-language": of_browser})
    assert languages == [of_mail]


def test_a_new_person_keeps_the_language_of_the_browser(client: Client) -> None:
    ask_for_code(client, "ny@example.com", **{"accept-language": "nb"})
    assert Person.objects.get().language == "nb"


@pytest.mark.parametrize(("before", "after"), [("", "nb"), ("en", "en")])
def test_who_never_chose_a_language_is_written_to_in_their_browsers(client: Client, before: str, after: str) -> None:
    """Somebody whom an import or an order made known; what a person chose is kept."""
    Person.objects.create_user("kari@example.com", "Kari", language=before)
    norwegian = {"accept-language": "nb"}
    code = ask_for_code(client, "kari@example.com", **norwegian)
    client.post(CONFIRM, {"code": code}, headers=norwegian)
    assert Person.objects.get().language == after
