"""The two tables of the lifecycle, written down a second time: what the rows are compared with.

One line a transition: verb, from, to, who may, who is told. Where two roles each act in a state of their own
(return, reject), each has its line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    verb: str
    source: str
    target: str
    who: frozenset[str]
    told: frozenset[str]


def _lines(text: str) -> list[Line]:
    lines = []
    for row in text.strip().splitlines():
        verb, sources, target, who, told = (cell.strip() for cell in row.split("|"))
        for source in sources.split():
            lines.append(Line(verb, source, target, frozenset(who.split()), frozenset(told.split())))
    return lines


ORDER_LINES = _lines("""
submit            | draft            | support          | requester           | requester support
return            | support          | returned         | support             | requester
return            | approval         | returned         | service_responsible | requester
resubmit          | returned         | support          | requester           | support
send_for_approval | support          | approval         | support             | service_responsible
approve           | approval         | approved         | service_responsible | support requester
reject            | support          | rejected         | support             | requester support
reject            | approval         | rejected         | service_responsible | requester support
send_to_cegal     | approved         | cegal_setup      | support             | cegal
send_to_cegal     | support          | cegal_setup      | support system      | cegal
hand_back         | cegal_setup      | approved         | cegal               | support
complete_setup    | cegal_setup      | credential_issue | cegal               | support
issue_credentials | credential_issue | issued           | support system      | requester owner
withdraw          | draft support returned approval approved | withdrawn | requester | support
expire            | returned         | withdrawn        | system              | requester support
end_rotation      | support approved cegal_setup credential_issue | withdrawn | system | requester
reopen            | withdrawn        | draft            | requester           |
""")
"""The owner is told too when credentials are issued: they are who collects them."""

ACCOUNT_LINES = _lines("""
activate               | pending                   | active    | support               |
notify                 | active                    | notified  | system                | owner technical_contact
keep                   | notified                  | active    | owner support         | owner
used                   | notified                  | active    | system                | owner
hold                   | active notified           | active    | support               | owner
lift_hold              | active                    | active    | support               | owner
end_hold               | active                    | active    | system                |
suspend_for_inactivity | notified                  | suspended | system                | owner technical_contact
suspend                | active notified           | suspended | support administrator | owner technical_contact
reactivate             | suspended                 | active    | support               | owner technical_contact
close                  | active notified suspended | closed    | owner support         | owner technical_contact
""")

NEEDS_A_REASON = {"reject", "hand_back", "keep", "hold", "lift_hold", "suspend", "close"}
HAS_NO_BUTTON = {
    "expire",
    "end_rotation",
    "activate",
    "notify",
    "used",
    "end_hold",
    "suspend_for_inactivity",
    "reactivate",
}
OWES_A_DISABLING = {"suspend_for_inactivity", "suspend", "close"}
ASKS_WHO_BESIDES_THE_ROLE = {
    "approve": "separation of duties",
    "send_to_cegal": "approved, or the short path",
    "issue_credentials": "the portal itself issues a second secret alone",
    "close": "signed in, not by a mail's link",
}

ORDER_STATES = (
    "draft", "support", "returned", "approval", "approved", "cegal_setup", "credential_issue", "issued", "rejected",
    "withdrawn",
)  # fmt: skip
ACCOUNT_STATES = ("pending", "active", "notified", "suspended", "closed")
FINAL = {"issued", "rejected", "closed"}
ROLES = ("requester", "owner", "support", "service_responsible", "cegal", "administrator", "system")
