"""What programs read: orders, accounts and their history, as much as the role sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.lifecycle.states import Role
from accounts.models import Account, Notice, Order, Scope
from tests.api.calling import Caller, problem
from tests.story import NOW, PURPOSE, Story

pytestmark = pytest.mark.django_db


def references(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [item["reference"] for item in response.json()["items"]]


class TestOrders:
    def test_the_worklist_with_its_filters(self, story: Story) -> None:
        waits, sent = story.order_in("support"), story.order_in("cegal_setup")
        ended, _draft = story.order_in("rejected"), story.draft()
        Order.objects.filter(pk=sent.pk).update(state_since=timezone.now() - timedelta(days=90))
        Order.objects.filter(pk=waits.pk).update(state_since=timezone.now())  # the API reads the machine's clock
        caller = Caller(Role.SUPPORT)
        assert references(caller.get("orders")) == [sent.reference, waits.reference]
        assert set(references(caller.get("orders", state="all"))) == {o.reference for o in (waits, sent, ended)}
        assert references(caller.get("orders", state="rejected")) == [ended.reference]
        assert references(caller.get("orders", late="true")) == [sent.reference]
        assert references(caller.get("orders", environment="production")) == []
        assert references(caller.get("orders", q=waits.reference)) == [waits.reference]
        assert references(caller.get("orders", assignee="nobody")) == [sent.reference, waits.reference]
        assert references(caller.get("orders", kind="reactivation")) == []

    def test_pages_follow_each_other_by_key(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        made = {story.order_in("support").reference for _number in range(3)}
        from accounts.readers import paging

        monkeypatch.setattr(paging.page, "__defaults__", (2,))
        caller = Caller(Role.SUPPORT)
        first = caller.get("orders").json()
        rest = caller.get("orders", cursor=first["next"]).json()
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
        assert {item["reference"] for item in first["items"] + rest["items"]} == made

    def test_one_order_with_its_verbs_and_version(self, story: Story) -> None:
        order = story.order_in("support")
        response = Caller(Role.SUPPORT).get(f"orders/{order.reference}")
        said = response.json()
        assert response["ETag"] == f'"{order.version}"'
        assert (said["version"], said["purpose"], said["requester"]) == (
            order.version, PURPOSE, {"name": "Ingrid Solheim", "email": "ingrid@nordsjo.example"},
        )  # fmt: skip
        assert {"send_for_approval", "return", "reject"} <= set(said["verbs"])
        assert "approve" not in said["verbs"]

    def test_cegal_sees_what_was_sent_there_and_not_who_asked(self, story: Story) -> None:
        waits, sent = story.order_in("support"), story.order_in("cegal_setup")
        caller = Caller(Role.CEGAL)
        assert references(caller.get("orders", state="all")) == [sent.reference]
        problem(caller.get(f"orders/{waits.reference}"), 404)
        said = caller.get(f"orders/{sent.reference}").json()
        assert (said["requester"], said["owner"], said["system"]) == (None, None, None)
        assert set(said["verbs"]) == {"complete_setup", "hand_back"}

    @pytest.mark.parametrize(
        ("asked", "field"),
        [({"state": "draft"}, "state"), ({"environment": "MOON"}, "environment"), ({"kind": "x"}, "kind"),
         ({"late": "maybe"}, "late"), ({"cursor": "x"}, "cursor"), ({"q": "a\x00"}, "q"), ({"q": "x" * 201}, "q")],
    )  # fmt: skip
    def test_filters_that_make_no_sense_are_named(self, story: Story, asked: dict[str, str], field: str) -> None:
        assert problem(Caller(Role.SUPPORT).get("orders", **asked), 422)["errors"][0]["field"] == field

    def test_a_page_takes_so_many_queries(self, story: Story, django_assert_max_num_queries: Any) -> None:
        caller = Caller(Role.SUPPORT)
        for _number in range(4):
            story.order_in("support")
        caller.get("orders")
        with django_assert_max_num_queries(10):  # the token, the policy, the rate limit, two for the rows
            assert len(references(caller.get("orders"))) == 4


class TestAccounts:
    def test_the_list_and_one_of_them(self, story: Story) -> None:
        active, closed = story.account_in("active"), story.account_in("closed")
        caller = Caller(Role.SUPPORT)
        listed = caller.get("accounts").json()["items"]
        assert {item["id"] for item in listed} == {str(active.pk), str(closed.pk)}
        assert [i["id"] for i in caller.get("accounts", state="closed").json()["items"]] == [str(closed.pk)]
        assert [i["id"] for i in caller.get("accounts", q=active.client_id).json()["items"]] == [str(active.pk)]
        response = caller.get(f"accounts/{active.pk}")
        said = response.json()
        assert (said["client_id"], said["version"], said["last_used_on"]) == (
            active.client_id, active.version, active.last_used_on.isoformat() if active.last_used_on else None,
        )  # fmt: skip
        assert {"suspend", "close"} <= set(said["verbs"])
        assert response["ETag"] == f'"{active.version}"'

    def test_an_account_says_why_it_is_let_alone(self, story: Story) -> None:
        story.now = timezone.now()
        account = story.account_in("notified")
        why = Caller(Role.SUPPORT).get(f"accounts/{account.pk}").json()["why"]
        assert why["sentence"].startswith("Not suspended. The answer period runs to ")
        assert (why["action"], why["reason"], why["last_activity_is"]) == ("nothing", None, "last_used")
        assert why["last_use"] == {
            "day": str(account.last_used_on), "figure": None, "feed": None, "received_on": None,
        }  # fmt: skip
        assert why["feed"]["is_current"]
        assert [mail["to"] for mail in why["notice"]["mails"]] == [story.ingrid.email]
        assert [step["action"] for step in why["coming"]][-1] == "suspend"
        assert why["coming"][-1]["day"] > why["notice"]["answer_by"]

    @time_machine.travel(NOW)
    def test_cegal_reads_why_without_whom_was_written_to(self, story: Story) -> None:
        account = story.order_in("issued").accounts.get()
        why = Caller(Role.CEGAL).get(f"accounts/{account.pk}").json()["why"]
        assert why["sentence"].startswith("You are not asked now: the account was activated on ")
        assert why["notice"] is None
        Account.objects.filter(pk=account.pk).update(state="notified")
        Notice.objects.create(account=account, opened_on=account.activated_on, last_activity_on=account.activated_on)
        assert Caller(Role.CEGAL).get(f"accounts/{account.pk}").json()["why"]["notice"]["mails"] is None

    def test_no_answer_holds_a_secret(self, story: Story) -> None:
        order = story.order_in("credential_issue")
        account = order.accounts.get()
        credential = account.credentials.get()
        for role in (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.CEGAL):
            caller = Caller(role)
            for path in ("orders", f"orders/{order.reference}", f"orders/{order.reference}/history", "accounts",
                         f"accounts/{account.pk}", f"accounts/{account.pk}/history"):  # fmt: skip
                text = caller.get(path, **({"state": "all"} if "/" not in path else {})).content.decode()
                assert "secret-TEST" not in text, path
                assert credential.sealed_secret not in text, path

    def test_cegal_sees_its_own(self, story: Story) -> None:
        other, mine = story.account_in("active"), story.account_in("pending")
        caller = Caller(Role.CEGAL)
        assert [i["id"] for i in caller.get("accounts").json()["items"]] == [str(mine.pk)]
        problem(caller.get(f"accounts/{other.pk}"), 404)
        problem(caller.get(f"accounts/{other.pk}/history"), 404)


class TestHistory:
    def test_forward_and_on(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        from accounts.readers import programs

        monkeypatch.setattr(programs, "PAGE", 2)
        order = story.order_in("approved")
        caller = Caller(Role.SUPPORT)
        first = caller.get(f"orders/{order.reference}/history").json()
        rest = caller.get(f"orders/{order.reference}/history", after=first["next"]).json()
        assert [item["verb"] for item in first["items"] + rest["items"]] == [
            "start", "submit", "send_for_approval", "approve"]  # fmt: skip
        assert rest["next"] is None
        assert first["items"][1]["actor"] == "Ingrid Solheim"

    def test_what_is_internal_stays_among_staff(self, story: Story) -> None:
        from accounts.actions import conversation

        order = story.order_in("cegal_setup")
        conversation.write_internal_note(order, comment="A difficult one.", by=story.actor("support"), now=story.now)
        assert "A difficult one." in Caller(Role.SUPPORT).get(f"orders/{order.reference}/history").content.decode()
        assert "A difficult one." not in Caller(Role.CEGAL).get(f"orders/{order.reference}/history").content.decode()


class TestWhoMay:
    def test_a_scope_for_each(self, story: Story) -> None:
        order = story.order_in("support")
        caller = Caller(Role.SUPPORT, scopes=(Scope.ACCOUNTS_READ,))
        assert caller.get("accounts").status_code == 200
        for path in ("orders", f"orders/{order.reference}", f"orders/{order.reference}/history"):
            assert problem(caller.get(path), 403)["needed_scope"] == "orders:read"

    def test_a_program_that_only_sends_usage_sees_nothing(self, story: Story) -> None:
        problem(Caller(scopes=(Scope.USAGE_WRITE,)).get("orders"), 403)

    def test_nobody_without_a_token(self, story: Story) -> None:
        problem(Client().get("/api/v1/orders"), 401)

    @pytest.mark.parametrize("path", ["nothing", "accounts/x", "orders/a/b/c"])
    def test_what_is_nowhere_is_a_problem_too(self, story: Story, path: str) -> None:
        problem(Caller(Role.SUPPORT).get(path), 404)

    def test_a_method_that_is_not_taken(self, story: Story) -> None:
        response = Caller(Role.SUPPORT).client.delete("/api/v1/orders")
        problem(response, 405)
        assert response["Allow"] == "GET"

    def test_a_reference_that_cannot_be(self, story: Story) -> None:
        problem(Caller(Role.SUPPORT).client.get("/api/v1/orders/%00"), 404)
