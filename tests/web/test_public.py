"""The pages for everybody, theme and language, what stands in the navigation, and the errors."""

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.actions import preferences
from accounts.lifecycle.states import Role
from accounts.models import Person, RoleGrant
from accounts.templatetags import nav
from accounts.web.public import home_of

pytestmark = pytest.mark.django_db


def person(*roles: Role) -> Person:
    made = Person.objects.create_user(f"{'-'.join(roles) or 'nobody'}@example.com", "Ola Nordmann")
    for role in roles:
        RoleGrant.objects.create(person=made, role=role, granted_by="a test", granted_at=timezone.now())
    return made


def signed_in(*roles: Role) -> Client:
    client = Client()
    client.force_login(person(*roles))
    return client


@pytest.mark.parametrize("name", ["landing", "about", "accessibility", "privacy", "account_login"])
@pytest.mark.parametrize("language", ["en", "nb"])
def test_a_stranger_reads_the_public_pages(client: Client, name: str, language: str) -> None:
    answer = client.get(reverse(name), headers={"accept-language": language})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'<html lang="{language}"' in page
    assert page.count("<h1") == 1
    assert "support@virtualinventory.no" in page


@pytest.mark.parametrize("name", ["landing", "about", "accessibility", "privacy", "style"])
def test_pages_are_only_read(client: Client, name: str) -> None:
    assert client.post(reverse(name)).status_code == 405


@pytest.mark.parametrize("name", ["set_theme", "set_language"])
def test_a_link_sets_nothing(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 405
    assert not answer.cookies


# --- theme and language


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("", "toggle", "dark"),
        ("dark", "toggle", "light"),
        ("light", "toggle", "auto"),
        ("dark", "light", "light"),
        ("nonsense", "toggle", "dark"),
        ("light", "nonsense", "auto"),
    ],
)
def test_the_theme_is_kept_and_written_by_the_server(client: Client, before: str, wanted: str, after: str) -> None:
    if before:
        client.cookies["theme"] = before
    answer = client.post(reverse("set_theme"), {"theme": wanted, "next": "/privacy/"})
    assert answer["Location"] == "/privacy/"
    assert answer.cookies["theme"].value == after
    assert f'data-color-scheme="{after}"' in client.get("/privacy/").content.decode()


def test_a_theme_that_does_not_exist_is_not_written(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert 'data-color-scheme="auto"' in client.get("/privacy/").content.decode()


def test_the_language_is_kept_and_the_page_too(client: Client) -> None:
    answer = client.post(reverse("set_language"), {"language": "nb", "next": "/privacy/"})
    assert answer["Location"] == "/privacy/"
    assert '<html lang="nb"' in client.get("/privacy/").content.decode()


def test_the_language_of_the_mails_follows() -> None:
    someone = person()
    client = Client()
    client.force_login(someone)
    client.post(reverse("set_language"), {"language": "nb"})
    client.post(reverse("set_language"), {"language": "klingon"})
    someone.refresh_from_db()
    assert someone.language == "nb"


def test_a_language_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="en, nb"):
        preferences.choose_language(person(), "sv")


@pytest.mark.parametrize("name", ["set_theme", "set_language"])
def test_nobody_is_led_elsewhere(client: Client, name: str) -> None:
    elsewhere = {"language": "nb", "theme": "dark", "next": "https://elsewhere.example/"}
    assert client.post(reverse(name), elsewhere)["Location"] == "/"


# --- who sees what


def test_a_stranger_does_not_open_the_style_page(client: Client) -> None:
    assert client.get(reverse("style"))["Location"].startswith(reverse("account_login"))


def test_the_style_page_is_for_staff() -> None:
    assert signed_in().get(reverse("style")).status_code == 403
    answer = signed_in(Role.SUPPORT).get(reverse("style"))
    assert answer.status_code == 200
    assert "Awaiting approval" in answer.content.decode()


@pytest.fixture
def every_page_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The navigation as it is when each of its pages is there."""
    monkeypatch.setattr(nav, "url_or_none", lambda name, *args, **kwargs: f"/{name}/")


ACCOUNTS = ["staff_accounts", "staff_tasks", "inactivity", "feeds"]
OVERSIGHT = ["audit", "reports"]


@pytest.mark.usefixtures("every_page_exists")
@pytest.mark.parametrize(
    ("roles", "pages"),
    [
        ([], []),
        (
            [Role.SUPPORT],
            ["worklist", *ACCOUNTS, "providers", *OVERSIGHT, "messages", "imports", "job_runs", "mailbox"],
        ),
        ([Role.SERVICE_RESPONSIBLE], ["approvals", *ACCOUNTS, *OVERSIGHT]),
        ([Role.CEGAL], ["cegal_queue"]),
        (
            [Role.ADMINISTRATOR],
            [
                *ACCOUNTS, "providers", "people", "environments", "policy", "return_reasons", *OVERSIGHT,
                "messages", "imports", "job_runs", "tokens", "webhooks", "mailbox",
            ],
        ),
    ],
)  # fmt: skip
def test_the_navigation_shows_what_a_role_may_open(roles: list[Role], pages: list[str]) -> None:
    request = RequestFactory().get("/")
    request.user = person(*roles)
    own = ["my_orders", "my_accounts", "getting_started", "documentation"]
    shown = [item.url.strip("/") for group in nav.groups_for(request, {"worklist": 3}) for item in group.items]
    assert shown == [*pages, *own]


@pytest.mark.usefixtures("every_page_exists")
def test_the_navigation_counts_and_marks_the_page() -> None:
    request = RequestFactory().get("/")
    request.user = person(Role.SUPPORT)
    request.resolver_match = type("Match", (), {"url_name": "staff_order"})()
    worklist = nav.groups_for(request, {"worklist": 3})[0].items[0]
    assert (worklist.count, worklist.current) == (3, True)


def test_a_page_that_does_not_exist_is_not_offered() -> None:
    assert nav.url_or_none("no_such_page") is None


def test_whoever_is_signed_in_starts_with_their_own_work() -> None:
    someone = person(Role.SUPPORT)
    client = Client()
    client.force_login(someone)
    answer = client.get("/")
    assert (answer["Location"] if answer.status_code == 302 else "") == home_of(someone)
    assert client.get(reverse("about")).status_code == 200


def test_signing_out_is_a_button_that_posts() -> None:
    client = signed_in()
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.session.get("_auth_user_id")
    answer = client.post(reverse("account_logout"), follow=True)
    assert "You are signed out." in answer.content.decode()
    assert not client.session.get("_auth_user_id")


# --- errors


def test_nothing_at_an_address(client: Client) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_an_old_form_leads_back_to_its_page() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(reverse("set_theme"), headers={"referer": "http://testserver/privacy/"})
    assert answer.status_code == 403
    assert 'href="/privacy/"' in answer.content.decode()
    answer = client.post(reverse("set_theme"), headers={"referer": "http://elsewhere.example/"})
    assert "elsewhere" not in answer.content.decode()


ERROR_PAGES = ["400", "403", "404", "409", "429", "500", "503", "form_too_old", "signed_out"]


@pytest.mark.parametrize("name", ERROR_PAGES)
def test_an_error_page_needs_nothing_but_itself(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "<h1" in page
    assert "support@virtualinventory.no" in page
    assert "<form" not in page


def test_a_refusal_says_its_reason() -> None:
    assert "Only Support may." in render_to_string("403.html", {"exception": "Only Support may."})
