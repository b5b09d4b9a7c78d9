"""Whatever a program sends: no crash, and every answer is one that the API's description knows (Schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.api.door import PerToken
from accounts.lifecycle.states import Role, TaskKind
from accounts.models import Account, Task
from tests.api.calling import Caller, owed_task
from tests.story import Story

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]  # fmt: skip
STATES = {
    "return": "support", "send_for_approval": "support", "approve": "approval", "reject": "approval",
    "send_to_cegal": "approved", "hand_back": "cegal_setup", "complete_setup": "cegal_setup",
    "issue_credentials": "credential_issue",
}  # fmt: skip
TASKS = {
    "confirm": TaskKind.DISABLE_CLIENT, "enter_secret": TaskKind.NEW_SECRET, "ask_contact": TaskKind.FIND_CONTACT,
}  # fmt: skip


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The requests share the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def described(one_connection: None) -> Any:
    """The API as it describes itself, called in this process."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def caller(story: Story, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """A program that may do everything that programs may, as often as it likes."""
    monkeypatch.setattr(PerToken, "allow_request", lambda _self, _request: True)
    return Caller(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.CEGAL)


def test_every_answer_is_one_that_was_described(described: Any, story: Story, caller: Caller) -> None:
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) >= 28
    for operation in operations:
        _try(operation, story, caller)


def _try(operation: Any, story: Story, caller: Caller) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def any_request(case: Any) -> None:
        _aim(case, story)
        case.call_and_validate(headers={"Authorization": f"Bearer {caller.text}"}, checks=CHECKS)

    any_request()


def _aim(case: Any, story: Story) -> None:
    """Let every second request hit an order or account that is there, in a state in which the verb is possible."""
    places = case.path_parameters or {}
    verb = case.operation.path.rpartition("/")[2]
    if "reference" in places and len(str(places["reference"])) % 2:
        places["reference"] = story.order_in(STATES.get(verb, "support")).reference
    if "pk" in places and str(places["pk"])[-1:] in "02468ace":
        account = _account(story, "notified" if verb == "keep" else "active")
        places["pk"] = str(_task(account, TASKS[verb]).pk if verb in TASKS else account.pk)


def _account(story: Story, state: str) -> Account:
    """One account for all requests of a verb: it is taken anew once a request moved it."""
    found = Account.objects.filter(state=state).first()
    return found or (story.account() if Account.objects.exists() else story.account_in(state))


def _task(account: Account, kind: TaskKind) -> Task:
    """The account's open task of ``kind``, a new one once a request closed it."""
    found = Task.objects.open().filter(account=account, kind=kind.value).first()
    if found is None and kind == TaskKind.NEW_SECRET:  # it is asked for only when the last one is gone
        account.credentials.update(sealed_secret="", destroyed_at=timezone.now())
    return found or owed_task(account, kind)
