"""Tasks of the provider and of Support: open until the right person confirms, once."""

from __future__ import annotations

import pytest

from accounts.actions import provider
from accounts.lifecycle.errors import LostRace, NotAllowed
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Event, Task
from tests.actions.tools import at_once, history, nothing_written, told
from tests.story import Story


@pytest.fixture
def task(story: Story) -> Task:
    """Cegal's task to disable the client of a suspended account."""
    return story.account_in("suspended").tasks.get()


def support_task(story: Story, task: Task) -> Task:
    return Task.objects.create(kind="find_contact", account=task.account, event=task.event, opened_at=story.now)


def test_a_suspension_owes_a_task_that_stays_open(story: Story, task: Task) -> None:
    assert (task.kind, task.opened_at, task.done_at) == ("disable_client", story.now, None)
    assert task.event.verb == "suspend"


def test_cegal_confirms(story: Story, task: Task) -> None:
    event = provider.confirm(task, by=story.actor("cegal"), now=story.now, comment="Ticket 4711.")
    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (story.now, "Silje Thorsen")
    assert (event.verb, event.data, event.comment) == ("confirm_task", {"task": "disable_client"}, "Ticket 4711.")
    assert told(event) == {}
    assert Account.objects.get(pk=task.account_id).state == "suspended"


@pytest.mark.parametrize("who", ["ingrid", "stranger", "support", "responsible", "administrator"])
def test_nobody_else_confirms_for_the_provider(story: Story, task: Task, who: str) -> None:
    with nothing_written(), pytest.raises(NotAllowed, match="Only Cegal"):
        provider.confirm(task, by=story.actor(who), now=story.now)


@pytest.mark.parametrize("who", ["ingrid", "cegal", "responsible", "administrator"])
def test_supports_own_task_is_supports(story: Story, task: Task, who: str) -> None:
    mine = support_task(story, task)
    with nothing_written(), pytest.raises(NotAllowed, match="Only Support"):
        provider.confirm(mine, by=story.actor(who), now=story.now)
    provider.confirm(mine, by=story.actor("support"), now=story.now)
    assert Task.objects.get(pk=mine.pk).done_by == "Marte Lunde"


def test_a_second_time_is_told_who_did_it(story: Story, task: Task) -> None:
    provider.confirm(task, by=story.actor("cegal"), now=story.now)
    with nothing_written(), pytest.raises(LostRace, match="Silje Thorsen confirmed this already"):
        provider.confirm(task, by=story.actor("cegal"), now=story.now)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_and_one_confirms() -> None:
    story = Story()
    task = story.account_in("suspended").tasks.get()
    by = story.actor("cegal")

    def work(_place: int) -> str:
        provider.confirm(Task.objects.get(pk=task.pk), by=by, now=story.now)
        return "done"

    results = at_once(4, work)
    assert sorted(results) == ["Silje Thorsen confirmed this already."] * 3 + ["done"]
    assert history(Account.objects.get(pk=task.account_id)).count("confirm_task") == 1


def test_what_is_owed_twice_is_one_task(story: Story, task: Task) -> None:
    story.do(Account.objects.get(pk=task.account_id), "close", "support", comment="Asked for by phone.")
    assert Task.objects.get(account=task.account_id) == task


def test_what_was_done_before_is_owed_anew(story: Story, task: Task) -> None:
    provider.confirm(task, by=story.actor("cegal"), now=story.now)
    story.do(Account.objects.get(pk=task.account_id), "close", "support", comment="Asked for by phone.")
    tasks = Task.objects.filter(account=task.account_id, kind="disable_client")
    assert sorted(other.done_at is None for other in tasks) == [False, True]


def test_which_tasks_are_the_providers() -> None:
    providers = {kind.value for kind in TaskKind if Task(kind=kind.value).is_providers}
    assert providers == {"disable_client", "enable_client", "new_secret", "remove_secret"}


def test_a_confirmation_is_in_the_accounts_history(story: Story, task: Task) -> None:
    provider.confirm(task, by=story.actor("cegal"), now=story.now)
    assert history(Account.objects.get(pk=task.account_id)) == ["import", "suspend", "confirm_task"]
    assert Event.objects.get(verb="confirm_task").actor_name == "Silje Thorsen"
