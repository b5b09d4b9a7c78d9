"""What the tests of the database's own rules share: a row of everything, and ``refused``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts import models as rows
from tests.story import Story

TODAY = date(2026, 11, 23)


@contextmanager
def refused(rule: str) -> Iterator[None]:
    """The block must break exactly the rule called ``rule`` (SQLite names only checks)."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    said = str(caught.value)
    if connection.vendor == "postgresql" or "CHECK" in said:
        assert rule in said


def again(row: models.Model, **changed: object) -> None:
    """Insert the same row a second time, under another key."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.generated}
    key = row._meta.pk
    assert key is not None
    del values[key.attname]
    if isinstance(row.pk, UUID):
        values[key.attname] = uuid4()
    type(row)._default_manager.create(**{**values, **changed})


class OneOfEach:
    """One valid row of every kind, by its model's name."""

    def __init__(self, story: Story) -> None:
        now = story.now
        issuing = story.order_in("credential_issue")
        notified = story.account_in("notified")
        event = rows.Event.objects.filter(subject_id=notified.pk).order_by("-seq")[0]
        token = rows.ApiToken.objects.create(name="shipper", hint="lap_1", digest="t" * 64, created_at=now)
        feed = rows.Feed.objects.create(environment=story.test, kind="file", name="file", created_at=now)
        list_ = rows.SuspensionList.objects.create(environment=story.test, run_on=TODAY, allowed=10, created_at=now)
        upload = rows.Upload.objects.create(
            kind="accounts", file_name="a.csv", size=1, uploaded_by=story.support, uploaded_at=now,
            run=rows.JobRun.objects.create(job="upload", period="a.csv", started_at=now, lease_until=now),
        )  # fmt: skip
        endpoint = rows.WebhookEndpoint.objects.create(
            name="ledger", url="https://ledger.example/hook", sealed_secret="v1.k.c2VjcmV0", created_at=now
        )
        ordered = story.order_in("support")
        self.rows: dict[str, models.Model] = {
            "apianswer": rows.ApiAnswer.objects.create(token=token, key="k", request_digest="r" * 64, at=now),
            "check": rows.Check.objects.create(
                order=ordered, item="purpose", outcome="checked", by_name="Marte Lunde", at=now
            ),
            "returnreason": rows.ReturnReason.objects.all()[0],
            "searchtext": rows.SearchText.objects.get(order=ordered),
            "upload": upload,
            "uploadpart": rows.UploadPart.objects.create(upload=upload, number=0, data=b"a"),
            "webhookendpoint": endpoint,
            "webhookmessage": rows.WebhookMessage.objects.create(
                endpoint=endpoint, event=event, created_at=now, due_at=now
            ),
            "environment": story.test,
            "connector": rows.Connector.objects.create(
                environment=story.test, kind="webhook", url="https://provider.example", sealed_secret="v1.k.c2VjcmV0",
                changed_at=now,
            ),
            "finding": rows.Finding.objects.create(
                environment=story.test, kind="missing_there", client_id="gone", found_at=now
            ),
            "operation": rows.Operation.objects.create(
                kind="set_up", environment=story.test, order=issuing, sent_at=now, created_at=now, begun_at=now,
                due_at=now,
            ),
            "operationoftask": self._operation_of_task(notified, event, now),
            "documentation": rows.Documentation.objects.create(
                environment=story.test, number=1, file_name="a.json", content=b"{}", digest="d" * 64, size=2,
                openapi="3.0.3", title="Loop API", api_version="1.0", operations=1, uploaded_at=now,
            ),
            "deputy": rows.Deputy.objects.create(
                principal=story.responsible, deputy=story.colleague, starts_on=TODAY, ends_on=TODAY, named_at=now
            ),
            "organisation": rows.Organisation.objects.get(number="923609016"),
            "person": story.ingrid,
            "rolegrant": rows.RoleGrant.objects.get(person=story.support),
            "order": ordered,
            "draft": story.draft(purpose=""),
            "account": notified,
            "pending": issuing.accounts.get(),
            "credential": rows.Credential.objects.get(account__order=issuing),
            "event": event,
            "jobrun": rows.JobRun.objects.create(
                job="check", period="2026-11-23", started_at=now, lease_until=now + timedelta(hours=1)
            ),
            "notice": rows.Notice.objects.get(account=notified),
            "suspensionlist": list_,
            "watchdog": rows.Watchdog.objects.create(pk=UUID(int=2)),
            "hold": rows.Hold.objects.create(
                account=notified, until=TODAY, reason="They move.", set_by="Marte Lunde", set_at=now
            ),
            "message": rows.Message.objects.filter(notice__account=notified)[0],
            "bounce": rows.Bounce.objects.create(
                message=rows.Message.objects.filter(notice__account=notified)[0], kind="refused", at=now
            ),
            "unreachableaddress": rows.UnreachableAddress.objects.create(
                email="a@b.example", since=now, kind="refused"
            ),
            "handover": rows.Handover.objects.create(
                account=notified, owner=story.ingrid, to_email="kari@nordsjo.example", asked_at=now,
                asked_by="Ingrid Solheim", accept_by=TODAY,
            ),
            "policynumber": rows.PolicyNumber.objects.create(name="answer_days", value=30),
            "policyrecord": rows.PolicyRecord.objects.create(pk=UUID(int=1)),
            "task": rows.Task.objects.create(
                kind="disable_client", account=notified, event=event, opened_at=now
            ),
            "removal": rows.Task.objects.create(
                kind="remove_secret", account=notified, event=event, opened_at=now,
                credential=rows.Credential.objects.get(account__order=issuing),
            ),
            "rotation": rows.Order.objects.create(
                reference="LA-2026-9999", kind="secret_rotation", state="support", state_since=now, created_at=now,
                requester=story.ingrid, concerns=notified, organisation=notified.organisation, submitted_at=now,
            ),
            "dailyusage": rows.DailyUsage.objects.create(account=notified, day=TODAY, calls=1),
            "coverage": rows.Coverage.objects.filter(environment=story.test)[0],
            "apitoken": token,
            "feed": feed,
            "usagebatch": rows.UsageBatch.objects.create(
                feed=feed, received_at=now, said_by="shipper", outcome="taken", token=token, idempotency_key="k"
            ),
            "lastuse": rows.LastUse.objects.create(
                account=notified, feed=feed, day=TODAY, figure="calls", received_at=now
            ),
            "usagefile": rows.UsageFile.objects.create(
                environment=story.test, digest="d" * 64, received_at=now, lines=1
            ),
        }  # fmt: skip

    def _operation_of_task(self, account: rows.Account, event: rows.Event, now: datetime) -> rows.Operation:
        task = rows.Task.objects.create(kind="new_secret", account=account, event=event, opened_at=now)
        return rows.Operation.objects.create(
            kind="add_secret", environment_id=account.environment_id, account=account, task=task, created_at=now,
            begun_at=now, due_at=now,
        )  # fmt: skip

    def change(self, name: str, columns: dict[str, object]) -> None:
        """Change one row behind the back of every rule above the database."""
        row = self.rows[name]
        changed = type(row)._default_manager.filter(pk=row.pk).update(**columns)
        assert changed == 1, "the row to change is not there"


@pytest.fixture
def one(story: Story) -> OneOfEach:
    """One valid row of every kind."""
    return OneOfEach(story)
