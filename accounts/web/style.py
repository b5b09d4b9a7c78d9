"""The live style page: every component in every state, for whoever builds or checks pages. Staff only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.forms.widgets import CheckboxRows, RadioRows
from accounts.models import Handover, Person, UnreachableAddress
from accounts.readers.year_strip import Strip, strip
from accounts.web.style_charts import chart_examples

HINTS = {"seller": "Imports items and sales data", "broker": "Exports sales data and updates sales statuses"}


class ExampleForm(forms.Form):
    """One field of each kind."""

    organisation_name = forms.CharField(label="Organisation name", help_text="As written in the company register")
    organisation_number = forms.CharField(
        label="Organisation number",
        error_messages={"required": "Enter the organisation number with 9 digits, for example 912 345 678"},
    )
    role = forms.ChoiceField(
        label="Role in Loop",
        choices=[("seller", "Seller"), ("broker", "Broker")],
        widget=RadioRows(hints=HINTS),
    )
    environments = forms.MultipleChoiceField(
        label="Environments",
        choices=[("test", "TEST"), ("production", "PRODUCTION")],
        widget=CheckboxRows(environments=True, columns=2, hints={"test": "Try your integration with test data"}),
        error_messages={"required": "Choose at least one environment"},
    )
    purpose = forms.CharField(
        label="Purpose",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text="What for, and for whom",
    )
    answer_by = forms.DateField(label="Answer by", widget=forms.DateInput(attrs={"type": "date"}))
    contact = forms.ChoiceField(label="Contact", choices=[("", "Choose"), ("owner", "Owner")], required=False)
    ready = forms.BooleanField(label="I am ready to store the secret safely", required=False)


class FilterForm(forms.Form):
    """Fields of a filter row."""

    q = forms.CharField(label="Search", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    role = forms.ChoiceField(label="Role", choices=[("", "Any role"), ("seller", "Seller")], required=False)


@require_GET
@login_required
def style(request: HttpRequest) -> HttpResponse:
    """Draw the components with examples. Anybody without a role gets 403: the page is of no use to them."""
    if not isinstance(request.user, Person) or not request.user.roles:
        raise PermissionDenied
    return render(request, "accounts/style.html", examples(timezone.now()))


def examples(now: dt.datetime) -> dict[str, Any]:
    """What the components are filled with; ``now`` dates the examples."""
    wrong = ExampleForm(
        {"organisation_name": "Nordsjø Surplus AS", "purpose": "Items", "answer_by": "2026-12-24"},
        auto_id="wrong_%s",
    )
    note = {"text": "Which project or customer is this for?", "by": "Marte Lunde, Support"}
    wrong.fields["purpose"].note = note  # type: ignore[attr-defined]
    return {
        "empty_form": ExampleForm(),
        "wrong_form": wrong,
        "filters": FilterForm(auto_id="filter_%s"),
        "decision_options": _options(),
        "steps": _steps(),
        "handover": Handover(
            to_name="Kari Nes",
            to_email="kari@nordsjo.example",
            asked_by="Ingrid Solheim",
            accept_by=now.date() + dt.timedelta(days=14),
        ),
        "address": UnreachableAddress(
            email="ingrid@nordsjo.example", kind="refused", since=now, status="5.1.1", diagnostic="550 no such user"
        ),
        "stopped": _stopped(),
        "entries": _entries(now),
        "facts": _facts(now),
        "times": [now - dt.timedelta(minutes=4), now - dt.timedelta(hours=25), now - dt.timedelta(days=40)],
        "checks": _checks(),
        "charts": chart_examples(now.date()),
        "strip": _strip(now.date()),
    }


def _strip(today: dt.date) -> Strip:
    """Every colour: half a year nobody reported, then silence and more and more calls."""
    monday = today - dt.timedelta(days=today.weekday())
    calls = {monday - dt.timedelta(weeks=back): 6 ** max(0, 8 - back) for back in range(20)}
    return strip(calls, [(today - dt.timedelta(weeks=26), today)], today)


def _steps() -> list[dict[str, str]]:
    return [
        {"label": "Support", "note": "Checked 23 Nov", "state": "done"},
        {"label": "Approval", "note": "With Henrik Aasen", "state": "now"},
        {"label": "Cegal setup", "note": "Not started", "state": "next"},
        {"label": "Credentials", "note": "Waiting for you", "state": "you", "icon": "key-round"},
        {"label": "Active", "note": "Start using the API", "state": "next"},
    ]


def _stopped() -> list[dict[str, str]]:
    return [
        {"label": "Support", "state": "done"},
        {"label": "Approval", "note": "Rejected", "state": "stopped"},
        {"label": "Cegal setup", "state": "next"},
    ]


def _entries(now: dt.datetime) -> list[dict[str, Any]]:
    returned = {
        "who": "Marte Lunde",
        "sentence": "returned the order with 2 comments",
        "at": now - dt.timedelta(days=3),
        "icon": "message-square-reply",
        "tone": "warn",
        "comments": [
            {"field": "Purpose", "text": "Which project is it for?"},
            {"field": "Owner", "text": "Name a second person."},
        ],
    }
    note = {
        "who": "Jonas Eide",
        "sentence": "wrote a note",
        "at": now - dt.timedelta(days=4),
        "internal": True,
        "comment": "They called.",
    }
    return [
        {"who": "Henrik Aasen", "sentence": "approved the order", "at": now, "icon": "check", "tone": "good"},
        returned,
        note,
        {
            "sentence": "The portal reminded Support",
            "at": now - dt.timedelta(days=9),
            "icon": "bell",
            "tone": "accent",
        },
    ]


def _facts(now: dt.datetime) -> list[dict[str, Any]]:
    return [
        {
            "term": "Organisation",
            "value": "Nordsjø Surplus AS",
            "sub": "912 345 678",
            "change_url": "#c-facts",
        },
        {"term": "State", "state": "approval"},
        {"term": "Environments", "envs": ["TEST", "PRODUCTION"]},
        {
            "term": "Purpose",
            "text": "Nightly import of items from SAP.\nProject Ekko (P-4471).",
            "changed": True,
        },
        {"term": "Owner", "value": "Torbjørn Hagen", "email": "torbjorn.hagen@nordsjosurplus.example"},
        {"term": "Client ID", "value": "4b7d1e0a-52c9-4f0e-9a61-7f1c2b3d4e5f", "mono": True},
        {"term": "Last used", "day": now.date()},
        {"term": "Sent", "at": now - dt.timedelta(hours=2)},
    ]


def _checks() -> list[dict[str, str]]:
    return [
        {"state": "met", "text": "All fields are filled in", "hint": "Checked by the portal"},
        {"state": "missing", "text": "Project or customer reference", "hint": "Not found yet"},
        {"state": "bad", "text": "The organisation number is valid", "hint": "The check digit does not fit"},
        {"state": "todo", "text": "Customer relation confirmed"},
    ]


def _options() -> list[dict[str, Any]]:
    comment = forms.Form(auto_id="decision_%s")
    comment.fields["comment"] = forms.CharField(label="What is missing?", widget=forms.Textarea(attrs={"rows": 2}))
    return [
        {
            "value": "send_for_approval",
            "label": "Send for approval",
            "hint": "To the Service Responsible",
            "checked": True,
        },
        {
            "value": "return",
            "label": "Return for more information",
            "hint": "The requester gets your comments",
            "form": comment,
        },
        {
            "value": "send_to_cegal",
            "label": "Send to Cegal",
            "hint": "Possible after approval",
            "disabled": True,
        },
    ]
