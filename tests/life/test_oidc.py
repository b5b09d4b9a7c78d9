"""Single sign-on and the verification of credentials, against an issuer that is not ours and runs by itself."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from accounts.actions import credentials, people
from accounts.actions.single_sign_on import map_roles
from accounts.gateways.loop import Outcome, check_token
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.states import Role
from accounts.models import Account, Credential, Event, Person
from tests.life import issuer as issuers
from tests.life.issuer import CLIENT_ID, CLIENT_SECRET, NAME, PASSWORD, PERSON, WITHOUT_GRANT, Issuer
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.processes]

BEGIN = "/account/oidc/work/login/"
CALLBACK = "http://testserver/account/oidc/work/login/callback/"
GROUPS = {"loop-support": "support", "loop-bosses": "administrator"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with issuers.running(tmp_path_factory.mktemp("issuer"), CALLBACK) as found:
        yield found


@pytest.fixture
def issuer(running: Issuer, settings: Any) -> Issuer:
    """The issuer, told to say nothing special, and a portal that knows it."""
    running.say()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [running.app()]}}
    settings.OIDC_ROLE_MAP = GROUPS
    return running


def sign_on(client: Client, **extra: Any) -> Any:
    """Press the button, type the password at the issuer, and come back: the portal's answer."""
    begun = client.post(BEGIN, extra)
    assert begun.status_code == 302, begun.content.decode()
    with httpx.Client() as browser:
        answer = browser.get(begun["Location"])
        for _step in range(6):
            location = answer.headers.get("Location", "")
            if location.startswith(CALLBACK):
                return client.get(location)
            if location:
                answer = browser.get(answer.url.join(location))
                continue
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', answer.text))
            filled = {name: html.unescape(value) for name, value in fields.items()}
            answer = browser.post(answer.url, data=filled | {"login": PERSON, "password": PASSWORD})
    raise AssertionError(f"the issuer sent nobody back: {answer.url} {answer.text}")


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


# --- the verification of credentials


BY_FORM_AND_BY_BASIC = pytest.mark.parametrize("by_basic", [False, True])


@BY_FORM_AND_BY_BASIC
def test_credentials_that_are_right_are_accepted(issuer: Issuer, by_basic: bool) -> None:
    issuer.say(access_token={"azp": CLIENT_ID, "aud": "api://loop"})
    found = check_token(
        issuer.token_url, CLIENT_ID, CLIENT_SECRET, allow_private=True, by_basic=by_basic, now=timezone.now()
    )
    assert (found.outcome, found.expires_in) == (Outcome.OK, 3600), str(found)
    assert (found.claims.client, found.claims.audience, found.claims.opaque) == (CLIENT_ID, "api://loop", False)


@BY_FORM_AND_BY_BASIC
@pytest.mark.parametrize(
    ("who", "secret", "outcome", "words"),
    [
        (CLIENT_ID, "wrong", Outcome.WRONG_SECRET, "invalid_client"),
        ("nobody", CLIENT_SECRET, Outcome.WRONG_SECRET, "invalid_client"),
        (WITHOUT_GRANT, CLIENT_SECRET, Outcome.REFUSED, "unauthorized_client"),
    ],
)
def test_credentials_that_are_wrong_are_refused(
    issuer: Issuer, who: str, secret: str, outcome: Outcome, words: str, by_basic: bool
) -> None:
    found = check_token(issuer.token_url, who, secret, allow_private=True, by_basic=by_basic)
    assert found.outcome is outcome, str(found)
    assert words in str(found)


@pytest.mark.parametrize(
    ("says", "outcome"),
    [({"azp": "another"}, Outcome.OTHER_CLIENT), ({"azp": CLIENT_ID, "exp": 1_700_000_000}, Outcome.EXPIRED)],
)
def test_a_token_of_another_client_or_of_the_past_is_no_good(
    issuer: Issuer, says: dict[str, Any], outcome: Outcome
) -> None:
    issuer.say(access_token=says)
    found = check_token(issuer.token_url, CLIENT_ID, CLIENT_SECRET, allow_private=True, now=timezone.now())
    assert found.outcome is outcome, str(found)


def test_a_credential_is_verified_in_the_way_of_its_environment(issuer: Issuer, story: Story) -> None:
    """The environment's row says how it is asked; the credential is verified and the token is nowhere."""
    for by_basic in (False, True):
        order = story.order_in("cegal_setup")
        story.test.token_url, story.test.token_by_basic = issuer.token_url, by_basic
        story.test.private_addresses_allowed = True
        story.test.save()
        Account.objects.update(client_id="earlier")
        story.do(order, "complete_setup", "cegal", client_id__TEST=CLIENT_ID, client_secret__TEST=CLIENT_SECRET)
        credentials.verify_new(clock=timezone.now, by=SYSTEM)
        assert Credential.objects.get(account__order=order).verified_at is not None
    assert "eyJ" not in str(list(Credential.objects.values())) + str([e.data for e in Event.objects.all()])


# --- signing on


def test_somebody_new_is_signed_on(issuer: Issuer) -> None:
    client = Client()
    answer = sign_on(client, next="/orders/")
    person = Person.objects.get()
    assert (person.email, person.name, signed_in(client)) == (PERSON, NAME, str(person.pk))
    assert answer["Location"] == "/orders/"
    assert EmailAddress.objects.get(user=person).verified
    assert person.roles == frozenset()


def test_somebody_known_is_linked_by_the_address(issuer: Issuer) -> None:
    person = Person.objects.create_user("Kari@Staff.example", "Kari")
    client = Client()
    for _time in range(2):
        sign_on(client)
        assert signed_in(client) == str(person.pk)
    assert Person.objects.count() == 1
    assert SocialAccount.objects.get().user == person


def test_the_sign_in_page_offers_it_only_where_it_is(issuer: Issuer, settings: Any) -> None:
    assert "Sign in with Nordsjø ID" in Client().get("/account/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    text = Client().get("/account/login/").content.decode()
    assert "Nordsjø ID" not in text
    assert Client().post(BEGIN).status_code == 404


# --- roles


def test_groups_become_roles_at_each_sign_in(issuer: Issuer) -> None:
    client = Client()
    issuer.say(claims={"groups": ["loop-support", "something-else"]})
    sign_on(client)
    person = Person.objects.get()
    assert person.roles == {Role.SUPPORT}
    assert person.grants.get().granted_by == "single sign-on"
    issuer.say(claims={"groups": []})
    sign_on(client)
    assert person.roles == frozenset()
    told = [(event.verb, event.actor_name, event.data) for event in Event.objects.order_by("seq")]
    assert told == [
        ("change_roles", "single sign-on", {"given": ["support"], "taken": []}),
        ("change_roles", "single sign-on", {"given": [], "taken": ["support"]}),
    ]
    admin = people.create_person("ada@loop.example", by=SYSTEM, now=timezone.now(), roles=[Role.ADMINISTRATOR]).person
    page = browser_of(admin).get(f"/staff/people/{person.pk}/").content.decode()
    assert "Single sign-on</strong> changed the roles" in " ".join(page.split())


def test_roles_given_by_hand_are_kept_apart(issuer: Issuer) -> None:
    people.create_person(PERSON, by=SYSTEM, now=timezone.now(), roles=[Role.SUPPORT])
    for groups in (["loop-support"], []):
        issuer.say(claims={"groups": groups})
        sign_on(Client())
        grant = Person.objects.get().grants.get()
        assert (grant.role, grant.by_single_sign_on) == ("support", False)


def test_too_many_groups_to_say_change_nothing(issuer: Issuer) -> None:
    """Entra ID says where to ask, instead of the groups, for somebody in more than 200 of them."""
    issuer.say(claims={"groups": ["loop-support"]})
    sign_on(Client())
    issuer.say(claims={"_claim_names": {"groups": "src1"}})
    sign_on(Client())
    assert Person.objects.get().roles == {Role.SUPPORT}


def test_the_last_administrator_stays_one(issuer: Issuer) -> None:
    issuer.say(claims={"groups": ["loop-bosses"]})
    sign_on(Client())
    issuer.say(claims={"groups": []})
    sign_on(Client())
    person = Person.objects.get()
    assert person.roles == {Role.ADMINISTRATOR}
    people.create_person("other@staff.example", by=SYSTEM, now=timezone.now(), roles=[Role.ADMINISTRATOR])
    sign_on(Client())
    assert person.roles == frozenset()


def test_nothing_is_written_when_nothing_changes() -> None:
    person = Person.objects.create_user(PERSON)
    assert map_roles(person, {Role.SUPPORT}, now=timezone.now()) is not None
    assert map_roles(person, {Role.SUPPORT}, now=timezone.now()) is None


# --- who is not let in


def refused(answer: Any, words: str) -> None:
    text = answer.content.decode()
    assert answer.status_code in (400, 403, 502), answer.status_code
    assert words in text, text
    assert "You are not signed in" in text


@pytest.mark.parametrize("said", [False, "false", None, 1])
def test_an_address_that_is_not_verified_opens_nothing(issuer: Issuer, said: object) -> None:
    Person.objects.create_user(PERSON)
    issuer.say(claims={"email_verified": said})
    client = Client()
    refused(sign_on(client), "does not say that your email address is verified")
    assert signed_in(client) is None
    assert not SocialAccount.objects.exists()


def test_the_issuers_own_domains_count_as_verified(issuer: Issuer, settings: Any) -> None:
    """Entra ID says nothing about it; the administrator names the domains."""
    app = issuer.app(verified_email=["staff.example"])
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    issuer.say(claims={"email_verified": False})
    client = Client()
    sign_on(client)
    assert signed_in(client) == str(Person.objects.get().pk)


def test_somebody_deactivated_is_not_let_in(issuer: Issuer) -> None:
    Person.objects.create_user(PERSON, is_active=False)
    client = Client()
    refused(sign_on(client), "cannot sign in to this portal any more")
    assert signed_in(client) is None


def test_the_same_account_with_another_address_is_not_let_in(issuer: Issuer) -> None:
    sign_on(Client())
    issuer.say(claims={"email": "boss@staff.example"})
    client = Client()
    refused(sign_on(client), "by another address than the portal does")
    assert signed_in(client) is None


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ({"aud": "somebody-else"}, "towards another application"),
        ({"iss": "https://evil.example"}, "Somebody other than Nordsjø ID"),
        ({"exp": int(time.time()) - 900}, "The clock of Nordsjø ID and that of the portal differ"),
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused(issuer: Issuer, token: dict[str, Any], words: str) -> None:
    issuer.say(id_token=token)
    client = Client()
    refused(sign_on(client), words)
    assert signed_in(client) is None
    assert not Person.objects.exists()


def test_a_wrong_client_secret_is_refused(issuer: Issuer, settings: Any) -> None:
    app = issuer.app() | {"secret": "wrong"}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    refused(sign_on(Client()), "refused the sign-in")


def test_an_issuer_that_is_away_is_told_in_words(settings: Any, tmp_path: Path) -> None:
    away = Issuer("http://127.0.0.1:1", tmp_path)
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [away.app()]}}
    refused(Client().post(BEGIN), "Nordsjø ID does not answer")


def test_coming_back_without_having_begun_is_refused(issuer: Issuer) -> None:
    refused(Client().get(CALLBACK, {"code": "x", "state": "y"}), "was begun in another window")


def test_what_the_issuer_says_about_itself_is_asked_once(issuer: Issuer) -> None:
    log = issuer.folder / "issuer.log"
    before = log.read_text().count("openid-configuration")
    for _time in range(2):
        sign_on(Client())
    assert log.read_text().count("openid-configuration") == before + 1


def test_signing_out_leads_to_the_issuer_too(issuer: Issuer) -> None:
    client = Client()
    sign_on(client)
    answer = client.post("/account/logout/", follow=True)
    text = answer.content.decode()
    assert signed_in(client) is None
    assert "You may still be signed in with Nordsjø ID" in text
    assert f'href="{issuer.url}/identity/o/logout?client_id={CLIENT_ID}&amp;post_logout_redirect_uri=' in text
