"""Programs and secrets: a second one is ordered, a lost one asked for anew, a stored one verified once more."""

from __future__ import annotations

import pytest

from accounts.lifecycle.states import Role
from accounts.models import Order
from tests.api.calling import Caller, problem
from tests.story import Story

pytestmark = pytest.mark.django_db


def test_a_second_secret_is_ordered_with_a_reason(story: Story) -> None:
    account = story.account()
    caller = Caller(Role.SUPPORT)
    problem(caller.do(f"accounts/{account.pk}/replace_secret"), 422)
    response = caller.do(f"accounts/{account.pk}/replace_secret", comment="It expires soon.")
    assert response.status_code == 200, response.content
    order = Order.objects.get(concerns=account)
    said = response.json()
    assert (said["subject"], said["state"], said["version"]) == (order.reference, "cegal_setup", order.version)
    read = caller.get(f"orders/{order.reference}").json()
    assert (read["kind"], read["concerns"]) == ("secret_rotation", str(account.pk))
    again = problem(caller.do(f"accounts/{account.pk}/replace_secret", comment="Once more."), 409)
    assert order.reference in again["detail"]


@pytest.mark.parametrize("role", [Role.SERVICE_RESPONSIBLE])
def test_nobody_else(story: Story, role: Role) -> None:
    problem(Caller(role).do(f"accounts/{story.account().pk}/replace_secret", comment="Because."), 403)


def test_an_account_that_is_not_in_use_is_a_conflict(story: Story) -> None:
    account = story.account_in("suspended")
    said = problem(Caller(Role.SUPPORT).do(f"accounts/{account.pk}/replace_secret", comment="Because."), 409)
    assert said["state"] == "suspended"


def test_cegals_program_enters_it(story: Story) -> None:
    account = story.account()
    Caller(Role.SUPPORT).do(f"accounts/{account.pk}/replace_secret", comment="It expires soon.")
    order = Order.objects.get(concerns=account)
    cegal = Caller(Role.CEGAL)
    problem(cegal.do(f"orders/{order.reference}/complete_setup"), 422)
    done = cegal.do(f"orders/{order.reference}/complete_setup", client_secret="a-second-secret-0815", key_id="k-2")
    assert done.status_code == 200, done.content
    assert account.credentials.get().key_id == "k-2"


def test_support_asks_for_a_new_one_and_cegal_enters_it(story: Story) -> None:
    account, support, cegal = story.account(), Caller(Role.SUPPORT), Caller(Role.CEGAL)
    done = support.do(f"accounts/{account.pk}/ask_for_new_secret", comment="It was lost.")
    assert done.status_code == 200, done.content
    assert done.json()["event"]["verb"] == "ask_for_new_secret"
    (task,) = cegal.get("tasks", kind="new_secret").json()["items"]
    assert cegal.do(f"tasks/{task['id']}/enter_secret", client_secret="a-new-secret-0815").status_code == 200
    problem(cegal.do(f"accounts/{account.pk}/ask_for_new_secret"), 403)


def test_a_stored_secret_is_verified_once_more(story: Story) -> None:
    account = story.order_in("credential_issue").accounts.get()
    done = Caller(Role.SUPPORT).do(f"accounts/{account.pk}/verify")
    assert done.status_code == 200, done.content
    assert done.json()["event"]["verb"] == "ask_to_verify"
    problem(Caller(Role.SERVICE_RESPONSIBLE).do(f"accounts/{account.pk}/verify"), 403)
    problem(Caller(Role.SUPPORT).do(f"accounts/{story.account(client_id='other').pk}/verify"), 422)
