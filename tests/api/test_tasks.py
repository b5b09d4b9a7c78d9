"""Programs read the open tasks of their role, and close them as people do."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.actions import new_secret
from accounts.lifecycle.states import Role, TaskKind
from accounts.models import Account, Event, Scope, Task
from tests.api.calling import Caller, owed_task, problem
from tests.story import NOW, Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(story: Story) -> Account:
    """A suspended account, whose client Cegal is to disable."""
    return story.account_in("suspended")


@pytest.fixture
def disable(account: Account) -> Task:
    return Task.objects.get(account=account, kind=TaskKind.DISABLE_CLIENT.value)


def test_a_list_by_role(account: Account, disable: Task) -> None:
    own = owed_task(account)
    read = Caller(Role.CEGAL).get("tasks").json()
    assert read == {
        "items": [
            {
                "id": str(disable.pk),
                "kind": "disable_client",
                "opened_at": read["items"][0]["opened_at"],
                "told": read["items"][0]["told"],
                "advice": read["items"][0]["advice"],
                "account": {
                    "id": str(account.pk),
                    "client_id": account.client_id,
                    "environment": account.environment.name,
                    "state": "suspended",
                },
                "organisation": account.organisation.name,
                "key_id": None,
            }
        ],
        "next": None,
    }
    assert {one["id"] for one in Caller(Role.SUPPORT).get("tasks").json()["items"]} == {str(disable.pk), str(own.pk)}
    found = Caller(Role.SERVICE_RESPONSIBLE).get("tasks", kind="calls_after_suspension").json()["items"]
    assert [one["id"] for one in found] == [str(own.pk)]


def test_pages_follow_each_other(story: Story) -> None:
    for number in range(30):
        made = story.account(client_id=f"client-{number:02}")
        task = owed_task(made)
        Task.objects.filter(pk=task.pk).update(opened_at=NOW + timedelta(minutes=number))
    caller, seen, cursor = Caller(Role.SUPPORT), [], ""
    while cursor is not None:
        page = caller.get("tasks", cursor=cursor).json()
        seen += [one["account"]["client_id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [f"client-{number:02}" for number in range(30)]
    problem(caller.get("tasks", cursor="anything"), 422)


def test_cegals_program_confirms_once(disable: Task) -> None:
    cegal = Caller(Role.CEGAL, name="Cegal’s system")
    done = cegal.do(f"tasks/{disable.pk}/confirm", comment="Ticket 4711.")
    assert done.status_code == 200, done.content
    said = done.json()
    assert (said["subject"], said["state"], said["event"]["verb"]) == (
        str(disable.account_id), "suspended", "confirm_task",
    )  # fmt: skip
    disable.refresh_from_db()
    assert disable.done_at
    assert "Cegal’s system" in problem(cegal.do(f"tasks/{disable.pk}/confirm"), 409)["detail"]
    assert cegal.get("tasks").json()["items"] == []


def test_the_same_key_gives_the_same_answer(disable: Task) -> None:
    cegal, key = Caller(Role.CEGAL), {"Idempotency-Key": "k-1"}
    first, again = (cegal.do(f"tasks/{disable.pk}/confirm", headers=key) for _time in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Event.objects.filter(subject_id=disable.account_id, verb="confirm_task").count() == 1


def test_who_looked_at_an_older_account_is_told(disable: Task) -> None:
    stale = {"If-Match": f'"{disable.account.version - 1}"'}
    problem(Caller(Role.CEGAL).do(f"tasks/{disable.pk}/confirm", headers=stale), 409)
    disable.refresh_from_db()
    assert disable.done_at is None


def test_nobody_closes_the_others_tasks(account: Account, disable: Task) -> None:
    own = owed_task(account)
    problem(Caller(Role.CEGAL).do(f"tasks/{own.pk}/confirm"), 404)
    problem(Caller(Role.SUPPORT).do(f"tasks/{disable.pk}/confirm"), 403)
    problem(Caller(Role.SERVICE_RESPONSIBLE).do(f"tasks/{own.pk}/confirm", comment="Done."), 403)
    problem(Caller(Role.CEGAL, scopes=(Scope.ACCOUNTS_READ,)).do(f"tasks/{disable.pk}/confirm"), 403)
    problem(Caller(Role.CEGAL).do(f"tasks/{uuid4()}/confirm"), 404)
    assert not Task.objects.filter(done_at__isnull=False).exists()


def test_supports_own_task_wants_to_know_what_was_done(account: Account) -> None:
    own, support = owed_task(account), Caller(Role.SUPPORT)
    assert problem(support.do(f"tasks/{own.pk}/confirm"), 422)["errors"] == [
        {"field": "comment", "detail": "Write what was done."}
    ]
    assert support.do(f"tasks/{own.pk}/confirm", comment="They stopped calling.").status_code == 200
    problem(support.do(f"tasks/{own.pk}/ask_contact", name="K", email="k@x.example", comment="By phone."), 409)


def test_cegals_program_enters_a_new_secret(story: Story) -> None:
    account = story.account()
    new_secret.ask_for_new_secret(account, by=story.actor("support"), now=NOW, comment="It was lost.")
    task, cegal = Task.objects.get(kind=TaskKind.NEW_SECRET.value), Caller(Role.CEGAL)
    assert "closes this task" in problem(cegal.do(f"tasks/{task.pk}/confirm"), 422)["detail"]
    problem(cegal.do(f"tasks/{task.pk}/enter_secret"), 422)
    done = cegal.do(f"tasks/{task.pk}/enter_secret", client_secret="a-new-secret-0815", key_id="k-9")
    assert done.status_code == 200, done.content
    assert "a-new-secret-0815" not in done.content.decode()
    assert account.credentials.latest("entered_at").key_id == "k-9"
    problem(cegal.do(f"tasks/{task.pk}/enter_secret", client_secret="another-secret-1"), 409)


def test_supports_program_names_a_contact(story: Story) -> None:
    account = story.account_in("notified")
    task = owed_task(account, TaskKind.FIND_CONTACT)
    fields = {"name": "Kari Nes", "email": "kari@nordsjo.example", "comment": "By phone.", "from_now_on": True}
    done = Caller(Role.SUPPORT).do(f"tasks/{task.pk}/ask_contact", **fields)
    assert done.status_code == 200, done.content
    account.refresh_from_db()
    task.refresh_from_db()
    assert account.technical_email == "kari@nordsjo.example"
    assert task.done_at
