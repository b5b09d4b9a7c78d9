"""Problems are said in the language that the program asks for."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.api.door import PerToken
from accounts.lifecycle.states import Role
from tests.api.calling import Caller, problem
from tests.story import Story

pytestmark = pytest.mark.django_db
NB = {"Accept-Language": "nb-NO,nb;q=0.9,en;q=0.5"}


def test_without_a_wish_it_is_english(story: Story) -> None:
    caller = Caller(Role.SUPPORT)
    assert problem(caller.get("orders/LA-1"), 404)["detail"].startswith("There is no such order")
    assert problem(Client().get("/api/v1/orders"), 401)["detail"].startswith("Show a token that is valid")
    assert problem(Client().get("/api/v1/nothing"), 404)["detail"].startswith("There is nothing at this address")


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("get", "orders/LA-1", 404, "Det finnes ingen slik bestilling"),
        ("get", "orders?cursor=x", 422, "Send markøren slik siden før ga den i «next»"),
        ("get", "orders?environment=MOON", 422, "Det finnes ikke noe slikt miljø. Kjente: TEST, PRODUCTION."),
        ("get", "orders?state=lost", 422, "Noen parametere mangler eller kan ikke leses."),
        ("get", "nothing", 404, "Det er ingenting på denne adressen."),
        ("put", "orders", 405, "Denne adressen tar ikke imot den metoden."),
    ],
)
def test_norwegian_is_answered_to_whoever_asks_for_it(
    story: Story, method: str, path: str, status: int, detail: str
) -> None:
    caller = Caller(Role.SUPPORT)
    answer = getattr(caller.client, method)(f"/api/v1/{path}", headers=NB)
    assert problem(answer, status)["detail"].startswith(detail)


def test_a_stranger_and_an_eager_program_are_told_too(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(Client().get("/api/v1/orders", headers=NB), 401)["detail"].startswith("Vis et token som er gyldig")
    monkeypatch.setattr(PerToken, "allow_request", lambda _self, _request: False)
    monkeypatch.setattr(PerToken, "wait", lambda _self: 7)
    answer = Caller(Role.SUPPORT).client.get("/api/v1/orders", headers=NB)
    assert problem(answer, 429)["detail"] == "For mange forespørsler. Kom tilbake om 7 sekunder."


def test_what_the_rules_say_is_said_in_norwegian_as_well(story: Story) -> None:
    order = story.order_in("support")
    caller = Caller(Role.SUPPORT)
    wrong = problem(caller.do(f"orders/{order.reference}/send_for_approval", headers=NB, colour="red"), 422)
    assert wrong["detail"] == "Dette verbet spør ikke etter colour."
    late = problem(caller.do(f"orders/{order.reference}/approve", headers=NB), 409)
    assert late["detail"] == "«Godkjenn» er ikke mulig lenger. Status er nå «support»."
