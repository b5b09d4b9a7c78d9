"""The administrator's pages about people: found, invited, given roles, deactivated; nobody else opens them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.actions import roles
from accounts.lifecycle.states import Role
from accounts.models import Deputy, Event, Message, Person
from tests.story import Story
from tests.web.forms_of import hidden
from tests.web.staff_pages import WORKERS, browser, queries, read, words

URL = "/staff/people/"


def of(person: Person, page: str = "") -> str:
    return f"{URL}{person.pk}/{page}"


def change_roles(story: Story, person: Person, *held: str, **typed: Any) -> Any:
    client = browser(story, "administrator")
    version = hidden(read(client, of(person, "roles/")))["version"]
    return client.post(of(person, "roles/"), {"roles": held, "version": version, "comment": "Moved.", **typed})


@pytest.mark.parametrize("who", WORKERS)
@pytest.mark.parametrize("page", ["", "roles/", "deactivate/", "reactivate/"])
def test_only_an_administrator_opens_these_pages(story: Story, who: str, page: str) -> None:
    client = browser(story, who)
    allowed = who == "administrator"
    for url in (URL, f"{URL}invite/", of(story.support, page)):
        assert client.get(url).status_code == (200 if allowed else 403), url
    if page and not allowed:
        assert client.post(of(story.support, page), {"comment": "Because."}).status_code == 403
    assert client.get(f"{URL}00000000-0000-0000-0000-000000000000/{page}").status_code == (404 if allowed else 403)


def test_the_navigation_offers_the_pages_to_administrators_alone(story: Story) -> None:
    text = read(browser(story, "administrator"), URL)
    for page in ("people", "environments", "policy", "return_reasons"):
        assert f'href="{reverse(page)}"' in text
    assert reverse("people") not in read(browser(story, "support"), "/staff/worklist/")


def test_people_are_found_by_role_name_and_address(story: Story) -> None:
    client = browser(story, "administrator")
    everybody = words(read(client, URL))
    assert "Ingrid Solheim ingrid@nordsjo.example None" in everybody
    assert "Marte Lunde marte@support.example Support" in everybody
    support = words(read(client, f"{URL}?state=support"))
    assert ("Marte Lunde" in support, "Henrik" in support) == (True, False)
    assert "Ingrid" in words(read(client, f"{URL}?state=requesters"))
    found = words(read(client, f"{URL}?q=SILJE"))
    assert ("Silje Thorsen" in found, "Marte" in found) == (True, False)
    assert "Nobody here matches" in read(client, f"{URL}?q=nobody%40")
    assert "Nobody is deactivated" in read(client, f"{URL}?state=inactive")


def test_the_list_goes_on_by_key_with_constant_queries(story: Story) -> None:
    client = browser(story, "administrator")
    few = queries(client, URL)
    for number in range(40):
        story.person(f"p{number:02}@many.example", f"Person {number:02}", Role.CEGAL)
    assert queries(client, URL) == few
    first = read(client, f"{URL}?state=cegal")
    assert "Person 24" not in first or "Person 25" not in first
    following = first.split('rel="next" href="')[1].split('"')[0]
    assert "Person 39" in read(client, following.replace("&amp;", "&"))


def test_somebody_is_invited_with_roles(story: Story) -> None:
    typed = {"email": "kari@support.example", "name": "Kari Nes", "language": "nb", "roles": ["support", "cegal"]}
    answer = browser(story, "administrator").post(f"{URL}invite/", typed, follow=True)
    kari = Person.objects.get(email="kari@support.example")
    assert answer.redirect_chain[-1][0] == of(kari)
    assert "Kari Nes is invited" in answer.content.decode()
    assert kari.roles == {Role.SUPPORT, Role.CEGAL}
    assert Message.objects.get(kind="invited").to_email == "kari@support.example"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": ""}, "Enter the person’s email address."),
        ({"email": "kari"}, "such as kari.nes@example.com"),
        ({"name": " "}, "Enter the person’s name."),
        ({"roles": ["owner"]}, "Select a valid choice"),
        ({"email": "admin@loop.example", "roles": ["support"]}, "cannot give a role to yourself"),
    ],
)
def test_a_bad_invitation_says_what_to_do_and_keeps_what_was_typed(
    story: Story, typed: dict[str, Any], said: str
) -> None:
    full = {"email": "kari@support.example", "name": "Kari Nes", "language": "nb", "roles": ["support"], **typed}
    answer = browser(story, "administrator").post(f"{URL}invite/", full)
    assert answer.status_code in (422, 403)
    assert said in answer.content.decode()
    if answer.status_code == 422 and full["name"].strip():
        assert 'value="Kari Nes"' in answer.content.decode()
    assert not Message.objects.filter(kind="invited").exists()


def test_roles_are_changed_with_a_reason(story: Story) -> None:
    answer = change_roles(story, story.support, "cegal")
    assert answer["Location"] == of(story.support)
    assert story.support.roles == {Role.CEGAL}
    assert Message.objects.get(kind="role_changed").to_email == "marte@support.example"
    text = words(read(browser(story, "administrator"), of(story.support)))
    assert "You changed the roles" in text
    assert "Given Cegal Taken away Support" in text
    assert "Moved." in text


def test_roles_without_a_reason_are_not_changed(story: Story) -> None:
    answer = change_roles(story, story.support, "cegal", comment=" ")
    assert answer.status_code == 422
    assert "Write a reason." in answer.content.decode()
    assert 'value="cegal" id="id_roles_2" checked' in " ".join(answer.content.decode().split())
    assert story.support.roles == {Role.SUPPORT}


def test_the_second_of_two_administrators_is_told_and_keeps_what_they_typed(story: Story) -> None:
    client = browser(story, "administrator")
    version = hidden(read(client, of(story.support, "roles/")))["version"]
    two = story.person("two@loop.example", "Two Admin", Role.ADMINISTRATOR)
    roles.change_roles(story.support, [Role.CEGAL], by=story.actor(two), now=story.now, comment="First.")
    typed = {"roles": ["support", "administrator"], "version": version, "comment": "My reason."}
    answer = client.post(of(story.support, "roles/"), typed)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Two Admin changed this" in text
    assert "Saved meanwhile: Cegal" in words(text)
    assert "My reason." in text
    assert story.support.roles == {Role.CEGAL}
    again = client.post(of(story.support, "roles/"), {**typed, "version": hidden(text)["version"]})
    assert again.status_code == 302
    assert story.support.roles == {Role.SUPPORT, Role.ADMINISTRATOR}


def test_the_last_administrator_is_kept_with_a_sentence(story: Story) -> None:
    answer = change_roles(story, story.administrator)
    assert answer.status_code == 422
    assert "Ada Admin is the last administrator" in answer.content.decode()
    assert story.administrator.roles == {Role.ADMINISTRATOR}


def test_who_gives_up_the_role_is_led_away(story: Story) -> None:
    story.person("two@loop.example", "Two", Role.ADMINISTRATOR)
    assert change_roles(story, story.administrator)["Location"] == URL
    assert browser(story, "administrator").get(URL).status_code == 403


def test_deactivation_warns_of_what_depends_on_the_person(story: Story) -> None:
    client = browser(story, "administrator")
    story.account(owner=story.responsible)
    today = story.now.date()
    Deputy.objects.create(
        principal=story.responsible, deputy=story.support, starts_on=today.replace(year=2020),
        ends_on=today.replace(year=2099), named_at=story.now,
    )  # fmt: skip
    text = read(client, of(story.responsible, "deactivate/"))
    assert "They own API accounts" in text
    assert "Nobody else is Service Responsible" in text
    other = read(client, of(story.support, "deactivate/"))
    assert "They stand in for somebody today" in other
    assert "They own API accounts" not in other
    assert "Nobody else works in Support" not in other
    assert "Marte Lunde stands in for Henrik Aasen" in words(read(client, of(story.support)))


def test_deactivated_and_let_in_again(story: Story) -> None:
    client, theirs = browser(story, "administrator"), browser(story, "support")
    assert theirs.get("/staff/worklist/").status_code == 200
    version = hidden(read(client, of(story.support, "deactivate/")))["version"]
    answer = client.post(of(story.support, "deactivate/"), {"version": version, "comment": "Left."}, follow=True)
    assert "Marte Lunde is deactivated and signed out" in answer.content.decode()
    assert theirs.get("/staff/worklist/").status_code == 302
    assert "Marte Lunde" in read(client, f"{URL}?state=inactive")
    version = hidden(read(client, of(story.support, "reactivate/")))["version"]
    client.post(of(story.support, "reactivate/"), {"version": version, "comment": "Back."})
    assert Person.objects.get(pk=story.support.pk).is_active
    verbs = Event.objects.filter(subject_id=story.support.pk).order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["deactivate", "reactivate"]


def test_a_person_says_what_depends_on_them_with_constant_queries(story: Story) -> None:
    client = browser(story, "administrator")
    few = queries(client, of(story.ingrid))
    accounts = [story.account(client_id=f"mine-{number:02}") for number in range(12)]
    order = story.order_in("support")
    text = read(client, of(story.ingrid))
    assert order.reference in text
    assert accounts[0].client_id in text
    assert "There are more" in text
    assert queries(client, of(story.ingrid)) == few


def test_the_pages_speak_norwegian_without_breaking(story: Story) -> None:
    client = browser(story, "administrator")
    for page in ("", "roles/", "deactivate/"):
        assert client.get(of(story.support, page), headers={"accept-language": "nb"}).status_code == 200
