"""The verbs for programs: the same rules as for people, safe to send again, and nobody decides twice on one order."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.lifecycle.states import Role
from accounts.models import Account, ApiAnswer, Event, Order, Scope
from accounts.models.token import ApiToken
from tests.api.calling import Caller, problem
from tests.story import Story

pytestmark = pytest.mark.django_db


def verbs_of(order: Order) -> list[str]:
    return list(Event.objects.filter(subject_id=order.pk).order_by("seq").values_list("verb", flat=True))


class TestCarriedOut:
    def test_a_verb_moves_the_order_and_says_so(self, story: Story) -> None:
        order = story.order_in("support")
        response = Caller(Role.SUPPORT, name="Ticket system").do(f"orders/{order.reference}/send_for_approval")
        assert response.status_code == 200, response.content
        said = response.json()
        assert (said["subject"], said["state"], said["version"]) == (order.reference, "approval", order.version + 1)
        assert (said["event"]["actor"], said["event"]["verb"]) == ("Ticket system (API token)", "send_for_approval")
        assert response["ETag"] == f'"{order.version + 1}"'
        order.refresh_from_db()
        assert order.state == "approval"

    def test_an_account_too(self, story: Story) -> None:
        account = story.account_in("active")
        said = Caller(Role.SUPPORT).do(f"accounts/{account.pk}/suspend", comment="A leaked secret.").json()
        assert (said["state"], said["event"]["comment"]) == ("suspended", "A leaked secret.")
        assert Account.objects.get(pk=account.pk).state == "suspended"

    def test_the_whole_way_by_two_programs_and_cegals(self, story: Story) -> None:
        order = story.order_in("support")
        support, decides = Caller(Role.SUPPORT, name="A"), Caller(Role.SERVICE_RESPONSIBLE, name="B")
        cegal, path = Caller(Role.CEGAL, name="C"), f"orders/{order.reference}"
        steps: list[tuple[Caller, str, dict[str, Any]]] = [
            (support, "send_for_approval", {}), (decides, "approve", {"comment": "Fine."}),
            (support, "send_to_cegal", {}),
            (cegal, "complete_setup", {"client_id__TEST": "c-1", "client_secret__TEST": "canary-secret"}),
            (support, "issue_credentials",
             {"loop_reference__TEST": "L-1", "override": True, "comment": "No network here."}),
        ]  # fmt: skip
        for caller, verb, fields in steps:
            answer = caller.do(f"{path}/{verb}", **fields)
            assert answer.status_code == 200, (verb, answer.content)
            assert "canary-secret" not in answer.content.decode()
        order.refresh_from_db()
        assert order.state == "issued"


class TestRefused:
    def test_who_may_not(self, story: Story) -> None:
        order = story.order_in("approval")
        problem(Caller(Role.SUPPORT).do(f"orders/{order.reference}/approve"), 403)
        problem(Caller(Role.CEGAL).do(f"orders/{order.reference}/approve"), 404)
        reads = Caller(Role.SERVICE_RESPONSIBLE, scopes=(Scope.ORDERS_READ,))
        assert problem(reads.do(f"orders/{order.reference}/approve"), 403)["needed_scope"] == "orders:write"
        assert verbs_of(order)[-1] == "send_for_approval"

    def test_a_program_does_not_approve_what_it_sent_also_not_with_another_token(self, story: Story) -> None:
        order = story.order_in("support")
        both = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
        first, second = Caller(*both, name="Robot"), Caller(*both, name=" robot ")
        first.do(f"orders/{order.reference}/send_for_approval")
        for caller in (first, second):
            assert "Somebody else" in problem(caller.do(f"orders/{order.reference}/approve"), 403)["detail"]
        assert Caller(*both, name="Another").do(f"orders/{order.reference}/approve").status_code == 200

    def test_a_token_is_no_second_person(self, story: Story) -> None:
        """Whoever made the token of a program neither approves what it sent, nor lets it approve what they sent."""
        from accounts.lifecycle.errors import NotAllowed
        from accounts.models import RoleGrant

        for role in (Role.ADMINISTRATOR, Role.SERVICE_RESPONSIBLE):
            RoleGrant.objects.create(person=story.support, role=role.value, granted_by="test", granted_at=story.now)
        maker = story.actor("support")
        mine, sent_by_maker = story.order_in("support"), story.order_in("approval")
        caller = Caller(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, by=maker)
        assert ApiToken.objects.get().maker == story.support
        assert "made this token" in problem(caller.do(f"orders/{sent_by_maker.reference}/approve"), 403)["detail"]
        caller.do(f"orders/{mine.reference}/send_for_approval")
        mine.refresh_from_db()
        with pytest.raises(NotAllowed):
            story.do(mine, "approve", story.support)

    def test_fields_are_named(self, story: Story) -> None:
        order = story.order_in("support")
        caller, path = Caller(Role.SUPPORT), f"orders/{order.reference}"
        assert problem(caller.do(f"{path}/reject"), 422)["errors"] == [
            {"field": "comment", "detail": "Write a reason."}]  # fmt: skip
        assert problem(caller.do(f"{path}/reject", comment=7), 422)["errors"][0]["field"] == "comment"
        assert problem(caller.do(f"{path}/reject", reason="x"), 422)["errors"][0]["field"] == "reason"
        assert verbs_of(order)[-1] == "submit"

    def test_what_is_not_possible_any_more_is_a_conflict(self, story: Story) -> None:
        order = story.order_in("rejected")
        found = problem(Caller(Role.SUPPORT).do(f"orders/{order.reference}/send_for_approval"), 409)
        assert (found["state"], found["version"]) == ("rejected", order.version)

    @pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"comment": "\\ud800"}', b"[" * 50_000])
    def test_what_is_no_json(self, story: Story, body: bytes) -> None:
        order = story.order_in("support")
        path = f"/api/v1/orders/{order.reference}/reject"
        problem(Caller(Role.SUPPORT).client.post(path, body, content_type="application/json"), 422)

    def test_another_kind_of_content(self, story: Story) -> None:
        order = story.order_in("support")
        path = f"/api/v1/orders/{order.reference}/reject"
        problem(Caller(Role.SUPPORT).client.post(path, "comment=x", content_type="text/plain"), 415)


class TestWhoWasFirst:
    def test_with_the_version_that_was_seen(self, story: Story) -> None:
        order = story.order_in("support")
        seen = order.version
        story.do(order, "return", "support", comment="Which project?")
        caller, path = Caller(Role.SUPPORT), f"orders/{order.reference}"
        assert "Marte Lunde" in problem(caller.do(f"{path}/reject", comment="No.", seen=seen), 409)["detail"]
        stale = {"If-Match": f'"{seen}"'}
        assert "Marte Lunde" in problem(caller.do(f"{path}/reject", headers=stale, comment="No."), 409)["detail"]
        assert verbs_of(order)[-1] == "return"

    def test_the_newest_version_is_fine(self, story: Story) -> None:
        order = story.order_in("support")
        headers = {"If-Match": f'"{order.version}"'}
        caller = Caller(Role.SUPPORT)
        assert caller.do(f"orders/{order.reference}/send_for_approval", headers=headers).status_code == 200

    @pytest.mark.parametrize(
        ("headers", "seen"), [({"If-Match": "x"}, 1), ({"If-Match": '"2"'}, 1), ({}, True), ({}, "1")]
    )
    def test_versions_that_make_no_sense(self, story: Story, headers: dict[str, str], seen: Any) -> None:
        order = story.order_in("support")
        problem(Caller(Role.SUPPORT).do(f"orders/{order.reference}/reject", headers, comment="No.", seen=seen), 422)


class TestSendingAgain:
    def test_the_same_key_gives_the_same_answer(self, story: Story) -> None:
        order = story.order_in("support")
        caller, path, key = (
            Caller(Role.SUPPORT),
            f"orders/{order.reference}/send_for_approval",
            {"Idempotency-Key": "k"},
        )
        first, again = caller.do(path, key), caller.do(path, key)
        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first
        assert verbs_of(order).count("send_for_approval") == 1

    def test_the_same_key_for_something_else_is_a_conflict(self, story: Story) -> None:
        first, second = story.order_in("support"), story.order_in("support")
        caller, key = Caller(Role.SUPPORT), {"Idempotency-Key": "k"}
        caller.do(f"orders/{first.reference}/send_for_approval", key)
        found = problem(caller.do(f"orders/{second.reference}/send_for_approval", key), 409)
        assert "Idempotency-Key" in found["detail"]
        assert verbs_of(second)[-1] == "submit"

    def test_a_refusal_leaves_the_key_free(self, story: Story) -> None:
        order = story.order_in("support")
        caller, path, key = Caller(Role.SUPPORT), f"orders/{order.reference}/reject", {"Idempotency-Key": "k"}
        problem(caller.do(path, key), 422)
        assert not ApiAnswer.objects.exists()
        assert caller.do(path, key, comment="Not a customer.").status_code == 200

    def test_no_secret_is_kept_with_the_answer(self, story: Story) -> None:
        order = story.order_in("cegal_setup")
        fields = {"client_id__TEST": "c-9", "client_secret__TEST": "canary-secret"}
        Caller(Role.CEGAL).do(f"orders/{order.reference}/complete_setup", {"Idempotency-Key": "k"}, **fields)
        assert "canary" not in str(vars(ApiAnswer.objects.get()))

    def test_old_answers_are_forgotten(self, story: Story) -> None:
        from accounts.actions import api_answers

        order = story.order_in("support")
        Caller(Role.SUPPORT).do(f"orders/{order.reference}/send_for_approval", {"Idempotency-Key": "k"})
        at = ApiAnswer.objects.get().at
        assert api_answers.tidy(now=at + api_answers.KEPT) == 0
        assert api_answers.tidy(now=at + 2 * api_answers.KEPT) == 1
