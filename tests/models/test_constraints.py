"""The database itself refuses what no row may say, whoever writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.db.models import F

from tests.models.refusing import TODAY, OneOfEach, again, refused

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOBODY = UUID(int=1)

CHECKS: list[tuple[str, str, dict[str, object]]] = [
    ("environment_name_is_given", "environment", {"name": ""}),
    ("environment_token_url_is_given", "environment", {"token_url": ""}),
    ("environment_provider_is_known", "environment", {"provider": "pigeon"}),
    ("connector_is_a_program", "connector", {"kind": "people"}),
    ("connector_secret_is_given", "connector", {"sealed_secret": ""}),
    ("connector_entra_knows_where_to_ask", "connector", {"kind": "entra", "client_id": "a", "token_url": "https://b"}),
    ("connector_webhook_has_address", "connector", {"url": ""}),
    ("operation_kind_is_known", "operation", {"kind": "dance"}),
    ("operation_state_is_known", "operation", {"state": "lost", "ended_at": NOW}),
    ("operation_of_a_task_or_an_order", "operation", {"sent_at": None}),
    ("operation_of_a_task_or_an_order", "operation", {"order": None}),
    ("operation_of_a_task_or_an_order", "operationoftask", {"account": None}),
    ("operation_ended_has_time", "operation", {"state": "done"}),
    ("operation_ended_has_time", "operation", {"ended_at": NOW}),
    ("operation_result_until_used", "operation", {"sealed_secret": "v1.k.c2VjcmV0"}),
    ("finding_kind_is_known", "finding", {"kind": "odd"}),
    ("documentation_title_is_given", "documentation", {"title": ""}),
    ("organisation_name_is_given", "organisation", {"name": ""}),
    ("organisation_number_is_given", "organisation", {"number": ""}),
    ("person_email_is_given", "person", {"email": ""}),
    ("role_is_known", "rolegrant", {"role": "emperor"}),
    ("role_is_known", "rolegrant", {"role": "requester"}),  # a relation, never granted
    ("role_is_known", "rolegrant", {"role": "system"}),
    ("deputy_ends_after_start", "deputy", {"ends_on": TODAY - timedelta(days=1)}),
    ("deputy_is_somebody_else", "deputy", {"deputy_id": F("principal_id")}),
    ("hold_reason_is_given", "hold", {"reason": ""}),
    ("hold_ended_by_somebody", "hold", {"ended_at": NOW}),
    ("hold_ended_by_somebody", "hold", {"ended_by": "Marte Lunde"}),
    ("bounce_kind_is_known", "bounce", {"kind": "lost"}),
    ("address_kind_is_known", "unreachableaddress", {"kind": "lost"}),
    ("address_is_lower_case", "unreachableaddress", {"email": "A@b.example"}),
    ("address_is_lower_case", "unreachableaddress", {"email": ""}),
    ("handover_state_is_known", "handover", {"state": "lost", "closed_at": NOW}),
    ("handover_address_is_lower_case", "handover", {"to_email": "Kari@nordsjo.example"}),
    ("handover_address_is_lower_case", "handover", {"to_email": ""}),
    ("handover_closed_has_time", "handover", {"state": "accepted"}),
    ("handover_closed_has_time", "handover", {"closed_at": NOW}),
    ("order_state_is_known", "order", {"state": "lost"}),
    ("order_state_is_known", "order", {"state": ""}),
    ("order_kind_is_known", "order", {"kind": "gift"}),
    ("order_reference_is_given", "order", {"reference": ""}),
    ("order_form_is_complete", "order", {"organisation_name": ""}),
    ("order_form_is_complete", "order", {"organisation_number": ""}),
    ("order_form_is_complete", "order", {"system": ""}),
    ("order_form_is_complete", "order", {"purpose": ""}),
    ("order_form_is_complete", "order", {"technical_name": ""}),
    ("order_form_is_complete", "order", {"technical_email": ""}),
    ("order_form_is_complete", "order", {"owner_name": ""}),
    ("order_form_is_complete", "order", {"owner_email": ""}),
    ("order_form_is_complete", "order", {"as_seller": False, "as_broker": False}),
    ("order_sent_has_organisation_and_time", "order", {"organisation": None}),
    ("order_sent_has_organisation_and_time", "order", {"submitted_at": None}),
    ("order_returned_has_answer_by", "order", {"state": "returned", "answer_by": None}),
    ("order_at_cegal_was_sent", "order", {"state": "cegal_setup"}),
    ("order_at_cegal_was_sent", "order", {"state": "credential_issue"}),
    ("order_names_the_account_it_is_about", "order", {"kind": "reactivation"}),
    ("order_names_the_account_it_is_about", "order", {"kind": "secret_rotation"}),
    ("order_names_the_account_it_is_about", "rotation", {"kind": "new_access", "state": "withdrawn"}),
    ("account_state_is_known", "account", {"state": "asleep"}),
    ("account_client_id_is_given", "account", {"client_id": ""}),
    ("account_purpose_is_given", "account", {"purpose": ""}),
    ("account_role_is_given", "account", {"as_seller": False, "as_broker": False}),
    ("account_technical_email_is_lower_case", "account", {"technical_email": "Tor@Nordsjo.example"}),
    ("account_living_was_activated", "account", {"activated_on": None}),
    ("account_living_was_activated", "account", {"activated_on": None, "state": "active"}),
    ("account_living_was_activated", "account", {"activated_on": None, "state": "suspended"}),
    ("account_living_was_activated", "pending", {"state": "active"}),
    ("credential_revealed_by_somebody", "credential",
     {"sealed_secret": "", "destroyed_at": NOW, "revealed_at": NOW}),
    ("credential_revealed_by_somebody", "credential",
     {"sealed_secret": "", "destroyed_at": NOW, "revealed_by": "Ingrid"}),
    ("credential_secret_until_destroyed", "credential", {"sealed_secret": ""}),
    ("credential_secret_until_destroyed", "credential", {"destroyed_at": NOW}),
    ("credential_secret_until_destroyed", "credential", {"revealed_at": NOW, "revealed_by": "Ingrid"}),
    ("credential_overlap_begins_when_collected", "credential", {"overlap_until": TODAY}),
    ("job_run_state_is_known", "jobrun", {"state": "stuck"}),
    ("notice_outcome_is_known", "notice", {"outcome": "forgotten", "closed_at": NOW}),
    ("notice_delivered_has_answer_by", "notice", {"answer_by": None}),
    ("notice_delivered_has_answer_by", "notice", {"delivered_on": None}),
    ("notice_closed_has_time", "notice", {"outcome": "kept"}),
    ("notice_closed_has_time", "notice", {"closed_at": NOW}),
    ("suspension_list_confirmed_by_somebody", "suspensionlist", {"confirmed_at": NOW}),
    ("suspension_list_confirmed_by_somebody", "suspensionlist", {"confirmed_by": "Marte"}),
    ("message_state_is_known", "message", {"state": "lost"}),
    ("message_address_is_given", "message", {"to_email": ""}),
    ("message_delivered_has_time", "message", {"state": "delivered"}),
    ("message_delivered_has_time", "message", {"delivered_at": NOW}),
    ("policy_number_is_known", "policynumber", {"name": "patience"}),
    ("policy_number_is_positive", "policynumber", {"value": 0}),
    ("api_answer_key_is_given", "apianswer", {"key": ""}),
    ("check_item_is_known", "check", {"item": "weather"}),
    ("check_outcome_is_known", "check", {"outcome": "perhaps"}),
    ("check_waived_has_reason", "check", {"outcome": "waived"}),
    ("return_reason_field_is_known", "returnreason", {"field": "colour"}),
    ("return_reason_says_something", "returnreason", {"title_en": ""}),
    ("return_reason_says_something", "returnreason", {"title_nb": ""}),
    ("return_reason_says_something", "returnreason", {"text_en": ""}),
    ("return_reason_says_something", "returnreason", {"text_nb": ""}),
    ("upload_kind_is_known", "upload", {"kind": "picture"}),
    ("upload_of_usage_says_its_days", "upload", {"kind": "usage"}),
    ("webhook_name_is_given", "webhookendpoint", {"name": ""}),
    ("webhook_url_is_given", "webhookendpoint", {"url": ""}),
    ("webhook_secret_is_given", "webhookendpoint", {"sealed_secret": ""}),
    ("webhook_message_state_is_known", "webhookmessage", {"state": "lost"}),
    ("webhook_delivered_has_time", "webhookmessage", {"state": "delivered"}),
    ("webhook_delivered_has_time", "webhookmessage", {"delivered_at": NOW}),
    ("policy_is_one", "policyrecord", {"id": UUID(int=2)}),
    ("watchdog_is_one", "watchdog", {"id": UUID(int=1)}),
    ("task_kind_is_known", "task", {"kind": "dance"}),
    ("task_names_the_secret_to_remove", "removal", {"kind": "disable_client"}),
    ("task_done_by_somebody", "task", {"done_at": NOW}),
    ("task_done_by_somebody", "task", {"done_by": "Silje"}),
    ("usage_counts_something", "dailyusage", {"calls": 0}),
    ("api_token_name_is_given", "apitoken", {"name": ""}),
    ("api_token_revoked_by_somebody", "apitoken", {"revoked_at": NOW}),
    ("api_token_revoked_by_somebody", "apitoken", {"revoked_by": "Ada"}),
    ("feed_kind_is_known", "feed", {"kind": "pigeon"}),
    ("feed_name_is_given", "feed", {"name": ""}),
    ("feed_graph_knows_where_to_ask", "feed", {"kind": "graph"}),
    ("usage_batch_outcome_is_known", "usagebatch", {"outcome": "lost"}),
    ("usage_batch_key_of_a_token", "usagebatch", {"token": None}),
    ("last_use_figure_is_known", "lastuse", {"figure": "guess"}),
    ("coverage_days_in_order", "coverage", {"last_day": TODAY.replace(year=2020)}),
]  # fmt: skip

TWICE: list[tuple[str, str, dict[str, object]]] = [
    ("environment", "connector", {}),
    ("operation_once_per_sending", "operation", {}),
    ("task", "operationoftask", {}),
    ("documentation_number_once", "documentation", {"digest": "e" * 64}),
    ("documentation_file_once", "documentation", {"number": 2}),
    ("name", "environment", {}),
    ("number", "organisation", {}),
    ("person_email_is_unique", "person", {"email": "INGRID@nordsjo.example"}),
    ("role_is_granted_once", "rolegrant", {}),
    ("reference", "order", {}),
    ("account_is_unique_in_environment", "account", {}),
    ("credential_one_to_collect", "credential", {}),
    ("event_once_in_chain", "event", {"hash": "other"}),
    ("job_runs_once_per_period", "jobrun", {}),
    ("notice_one_open_per_account", "notice", {}),
    ("hold_one_open_per_account", "hold", {}),
    ("message", "bounce", {}),
    ("address_is_unique", "unreachableaddress", {}),
    ("handover_one_open_per_account", "handover", {}),
    ("suspension_list_one_open_per_environment", "suspensionlist", {}),
    ("message_once_per_event", "message", {}),
    ("task_open_once_per_account", "task", {}),
    ("task_open_once_per_secret", "removal", {}),
    ("order_one_rotation_per_account", "rotation", {"reference": "LA-2026-9998"}),
    ("usage_once_per_account_and_day", "dailyusage", {"calls": 7}),
    ("coverage_is_said_once", "coverage", {}),
    ("digest", "apitoken", {}),
    ("api_answer_once_per_key", "apianswer", {}),
    ("check_once_per_item", "check", {}),
    ("order", "searchtext", {}),
    ("run", "upload", {}),
    ("upload_part_once", "uploadpart", {}),
    ("webhook_once_per_event", "webhookmessage", {}),
    ("feed_name_once_in_environment", "feed", {"kind": "api"}),
    ("usage_batch_key_once", "usagebatch", {"outcome": "refused"}),
    ("last_use_once_per_feed", "lastuse", {"figure": "manual"}),
    ("usage_file_once", "usagefile", {"lines": 9}),
]

NOT_TWICE_BUT_FINE: list[tuple[str, dict[str, object]]] = [
    ("credential", {"sealed_secret": "", "destroyed_at": NOW}),
    ("notice", {"outcome": "kept", "closed_at": NOW}),
    ("handover", {"state": "declined", "closed_at": NOW}),
    ("suspensionlist", {"confirmed_at": NOW, "confirmed_by": "Marte"}),
    ("task", {"done_at": NOW, "done_by": "Silje"}),
    ("task", {"kind": "find_contact"}),
    ("removal", {"done_at": NOW, "done_by": "Silje"}),
    ("rotation", {"reference": "LA-2026-9997", "state": "issued"}),
    ("message", {"kind": "inactivity_reminder"}),
    ("usagebatch", {"idempotency_key": ""}),
]


def test_no_row_may_say(one: OneOfEach, subtests: pytest.Subtests) -> None:
    for rule, name, columns in CHECKS:
        with subtests.test(rule, columns=columns), refused(rule):
            one.change(name, columns)


def test_never_twice(one: OneOfEach, subtests: pytest.Subtests) -> None:
    for rule, name, changed in TWICE:
        with subtests.test(rule, name=name), refused(rule):
            again(one.rows[name], **changed)


def test_once_open_and_as_often_as_needed_when_over(one: OneOfEach) -> None:
    for name, changed in NOT_TWICE_BUT_FINE:
        again(one.rows[name], **changed)


def test_a_draft_may_be_incomplete_and_nothing_later(one: OneOfEach) -> None:
    for state in ("support", "approval", "approved", "issued", "rejected"):
        with refused("order_form_is_complete"):
            one.change("draft", {"state": state, "submitted_at": NOW, "organisation": one.rows["organisation"]})
    one.change("draft", {"state": "withdrawn"})


def test_one_client_id_may_stand_in_two_environments(one: OneOfEach) -> None:
    from accounts.models import Environment

    again(one.rows["account"], environment_id=Environment.objects.get(name="PRODUCTION").pk)


def test_every_rule_of_every_table_is_tried_here() -> None:
    tried = {rule for rule, _name, _columns in (*CHECKS, *TWICE)}
    there = set()
    for model in apps.get_app_config("accounts").get_models():
        there |= {constraint.name for constraint in model._meta.constraints}
        there |= {field.name for field in model._meta.fields if field.unique and not field.primary_key}
    assert there == tried
