"""The tables as people read them: text, Mermaid (README, docs) and JSON. Printed by ``manage.py lifecycle``."""

from __future__ import annotations

import json
from typing import Any

from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.states import AccountState, OrderState
from accounts.lifecycle.transition import Table, Transition

TABLES: dict[str, Table] = {"order": ORDER, "account": ACCOUNT}
_FIRST = {"order": OrderState.DRAFT.value, "account": AccountState.PENDING.value}
_FINAL = {
    "order": (OrderState.ISSUED.value, OrderState.REJECTED.value),
    "account": (AccountState.CLOSED.value,),
}


def as_rows(row: Transition) -> dict[str, Any]:
    """One transition as plain values, in the columns of DOMAIN.md."""
    return {
        "verb": row.verb,
        "from": [state.value for state in row.sources],
        "to": row.target.value,
        "who": [role.value for role in row.by],
        "needs": [guard.__name__ for guard in (*row.duties, *row.guards)] + ["comment"] * row.comment_needed,
        "tells": [f"{tell.to.value}: {tell.kind}" for tell in row.tells],
        "owes": [task.value for task in row.owes],
    }


def as_json() -> str:
    """Both tables as JSON: ``{"order": [row, ...], "account": [row, ...]}``."""
    return json.dumps({name: [as_rows(row) for row in table] for name, table in TABLES.items()}, indent=2)


def as_table() -> str:
    """Both tables as text with aligned columns."""
    return "\n\n".join(f"{name.upper()}\n{_text(table)}" for name, table in TABLES.items())


def as_mermaid() -> str:
    """Both lifecycles as Mermaid state diagrams, in Markdown fences."""
    return "\n\n".join(f"```mermaid\n{_mermaid(name, table)}\n```" for name, table in TABLES.items())


def _mermaid(name: str, table: Table) -> str:
    lines = ["stateDiagram-v2", f"    [*] --> {_FIRST[name]}"]
    for row in table:
        who = " / ".join(role.value.replace("_", " ") for role in row.by)
        lines += [f"    {s.value} --> {row.target.value}: {row.verb.replace('_', ' ')} ({who})" for s in row.sources]
    lines += [f"    {state} --> [*]" for state in _FINAL[name]]
    return "\n".join(lines)


def _text(table: Table) -> str:
    heads = ("verb", "from", "to", "who", "needs", "tells", "owes")
    cells = [heads] + [tuple(_cell(as_rows(row)[head]) for head in heads) for row in table]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def _cell(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "-"
