"""What ``manage.py lifecycle`` prints comes from the rows."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.lifecycle import diagram
from tests.lifecycle import domain


def printed(form: str) -> str:
    out = StringIO()
    call_command("lifecycle", format=form, stdout=out)
    return out.getvalue()


def test_json_has_every_transition_once() -> None:
    tables = json.loads(diagram.as_json())
    for name, lines in (("order", domain.ORDER_LINES), ("account", domain.ACCOUNT_LINES)):
        found = sorted((row["verb"], source, row["to"]) for row in tables[name] for source in row["from"])
        assert found == sorted((line.verb, line.source, line.target) for line in lines)


def test_json_says_what_a_row_needs_tells_and_owes() -> None:
    rows = {row["verb"]: row for row in json.loads(diagram.as_json())["order"]}
    assert rows["approve"] == {
        "verb": "approve",
        "from": ["approval"],
        "to": "approved",
        "who": ["service_responsible"],
        "needs": ["not_own_order", "not_own_sending", "not_principals_own", "not_its_makers_own"],
        "tells": ["support: order_approved", "requester: order_approved_receipt"],
        "owes": [],
    }
    assert rows["hand_back"]["needs"] == ["comment"]
    accounts = {row["verb"]: row for row in json.loads(diagram.as_json())["account"]}
    assert accounts["close"]["owes"] == ["disable_client"]


def test_mermaid_draws_every_arrow_with_who_may() -> None:
    text = diagram.as_mermaid()
    assert text.count("```mermaid\nstateDiagram-v2\n") == 2
    assert text.count("```") == 4
    drawn = set(re.findall(r"^    (\w+) --> (\w+): (.+) \((.+)\)$", text, flags=re.MULTILINE))
    lines = domain.ORDER_LINES + domain.ACCOUNT_LINES
    assert {(source, target, verb) for source, target, verb, _who in drawn} == {
        (line.source, line.target, line.verb.replace("_", " ")) for line in lines
    }
    assert ("notified", "active", "keep", "owner / support") in drawn
    assert ("approval", "approved", "approve", "service responsible") in drawn


def test_mermaid_begins_at_the_first_state_and_ends_at_the_final_ones() -> None:
    text = diagram.as_mermaid()
    assert re.findall(r"\[\*\] --> (\w+)", text) == ["draft", "pending"]
    assert set(re.findall(r"(\w+) --> \[\*\]", text)) == domain.FINAL


def test_the_table_has_a_line_a_row_in_aligned_columns() -> None:
    text = diagram.as_table()
    orders, accounts = text.split("\n\n")
    for part, lines in ((orders, domain.ORDER_LINES), (accounts, domain.ACCOUNT_LINES)):
        heading, head, *rows = part.splitlines()
        assert heading in ("ORDER", "ACCOUNT")
        assert {row.split()[0] for row in rows} == {line.verb for line in lines}
        start = head.index("to ")
        assert all(row[start - 1] == " " and row[start] != " " for row in rows)


@pytest.mark.parametrize(
    ("form", "made"), [("table", diagram.as_table), ("mermaid", diagram.as_mermaid), ("json", diagram.as_json)]
)
def test_the_command_prints_it(form: str, made: object) -> None:
    assert printed(form) == made() + "\n"  # type: ignore[operator]
