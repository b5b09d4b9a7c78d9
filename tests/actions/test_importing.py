"""Importing accounts: every bad line named, all or nothing, safe to run twice."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from accounts.actions import engine, importing, lines
from accounts.actions.account_lines import COLUMNS
from accounts.actions.importing import Imported, import_accounts
from accounts.actions.lines import BadFile
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, Event, Message, Organisation, Person
from tests.rows import NOW, TODAY, account, actor, person

pytestmark = pytest.mark.django_db

GOOD = {
    "client_id": "5B6D7C1E-0F5F-4C5E-9A53-0F1D2C3B4A59",
    "environment": "production",
    "organisation": "Åsgard Brønnservice AS",
    "organisation_number": "923 609 016",
    "owner_name": "Bjørg Ødegård",
    "owner_email": "Bjorg@Asgard.example",
    "technical_email": "drift@asgard.example",
    "role": "Seller + Broker",
    "system": "SAP",
    "purpose": "Sends surplus valves, pumps and flanges to Loop every night.",
    "activated_on": "2024-02-29",
    "last_used_on": "2026-01-15",
}


def line(**values: str) -> dict[str, str]:
    return {**GOOD, **values}


def as_csv(*lines: dict[str, str], delimiter: str = ",", columns: tuple[str, ...] = COLUMNS) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def take(*lines: dict[str, str], content: bytes | None = None, now: datetime = NOW, **options: Any) -> Imported:
    stream = io.BytesIO(as_csv(*lines) if content is None else content)
    return import_accounts(stream, name="accounts.csv", by=options.get("by", SYSTEM), now=now)


def bad_lines(*lines: dict[str, str], content: bytes | None = None) -> list[str]:
    before = Account.objects.count(), Person.objects.count(), Organisation.objects.count(), Event.objects.count()
    with pytest.raises(BadFile) as refused:
        take(*lines, content=content)
    assert before == (
        Account.objects.count(), Person.objects.count(), Organisation.objects.count(), Event.objects.count(),
    )  # fmt: skip
    return [str(bad) for bad in refused.value.bad_lines]


class TestGoodLines:
    def test_one_line_makes_an_active_account(self) -> None:
        assert take(line()) == Imported(created=1, people=1, organisations=1)
        made = Account.objects.select_related("environment", "owner", "organisation").get()
        assert (made.client_id, made.environment.name) == ("5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59", "PRODUCTION")
        assert (made.state, made.as_seller, made.as_broker) == (AccountState.ACTIVE.value, True, True)
        assert (made.organisation.name, made.organisation.number) == ("Åsgard Brønnservice AS", "923609016")
        assert (made.owner.name, made.owner.email) == ("Bjørg Ødegård", "bjorg@asgard.example")
        assert made.technical_email == "drift@asgard.example"
        assert made.activated_on == date(2024, 2, 29)
        assert Message.objects.count() == 0

    def test_a_last_use_is_a_statement_up_to_the_import(self) -> None:
        take(line())
        made = Account.objects.get()
        assert (made.last_used_on, made.stated_through, made.watched_from) == (date(2026, 1, 15), TODAY, None)
        assert made.last_activity_on == date(2026, 1, 15)

    def test_an_empty_last_use_is_unknown_not_never(self) -> None:
        assert take(line(last_used_on="")).unknown_use == 1
        made = Account.objects.get()
        assert (made.last_used_on, made.stated_through, made.watched_from) == (None, None, TODAY)
        assert made.last_use_is_unknown
        assert made.last_activity_on == TODAY

    def test_the_day_of_the_import_is_a_day_in_oslo(self) -> None:
        take(line(last_used_on=""), now=NOW.replace(hour=23, minute=30))
        assert Account.objects.get().watched_from == TODAY + timedelta(days=1)

    def test_each_account_and_each_new_person_has_its_event(self) -> None:
        take(line(), line(environment="TEST"))
        made = Account.objects.get(environment__name="TEST")
        event = Event.objects.get(subject_type="account", subject_id=made.pk)
        assert (event.verb, event.source, event.target, event.seq) == ("import", "", "active", made.version)
        assert event.data == {"file": "accounts.csv", "line": 3}
        assert event.hash == event.computed_hash()
        owner = Event.objects.get(subject_type="person")
        assert (owner.verb, owner.subject_id, owner.data["line"]) == ("create", Person.objects.get().pk, 2)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_files_as_spreadsheets_write_them(self, delimiter: str) -> None:
        columns = tuple(reversed(COLUMNS))
        text = as_csv(line(purpose='Says "hello"; then,\nmore of it.'), delimiter=delimiter, columns=columns)
        take(content=b"\xef\xbb\xbf" + text)
        assert Account.objects.get().purpose == 'Says "hello"; then,\nmore of it.'

    def test_owners_and_organisations_are_found_again(self) -> None:
        person("bjorg@asgard.example", name="Bjørg")
        done = take(line(), line(environment="TEST", owner_email="BJORG@asgard.example", organisation="Asgard"))
        assert (done.people, done.organisations) == (0, 1)
        assert [str(note) for note in done.notes] == [
            "Line 3, organisation: “Åsgard Brønnservice AS” is kept; the file says “Asgard”.",
            "Line 2, owner_name: “Bjørg” is kept; the file says “Bjørg Ødegård”.",
            "Line 3, owner_name: “Bjørg” is kept; the file says “Bjørg Ødegård”.",
        ]

    def test_an_empty_name_is_filled(self) -> None:
        nameless = Person.objects.create_user("bjorg@asgard.example")
        assert take(line()).notes == ()
        nameless.refresh_from_db()
        assert nameless.name == "Bjørg Ødegård"
        assert Event.objects.get(subject_id=nameless.pk).verb == "set_name"

    def test_optional_columns_may_be_empty(self) -> None:
        take(line(owner_name="", technical_email="", system=""))
        assert str(Account.objects.get().owner) == "bjorg@asgard.example"

    def test_only_support_and_operators(self) -> None:
        with pytest.raises(NotAllowed):
            take(line(), by=actor("kari@asgard.example"))
        assert take(line(), by=actor("sunniva@loop.example", Role.SUPPORT)).created == 1


class TestTwice:
    def test_the_second_time_everything_is_there(self) -> None:
        lines = [line(), line(environment="TEST", last_used_on="")]
        take(*lines)
        assert take(*lines, now=NOW + timedelta(days=40)) == Imported(already_there=2)
        assert Event.objects.filter(subject_type="account").count() == 2

    def test_use_since_the_import_is_no_difference(self) -> None:
        take(line(), line(environment="TEST", last_used_on=""))
        Account.objects.update(last_used_on=date(2026, 11, 1))
        assert take(line(), line(environment="TEST", last_used_on="")).already_there == 2

    def test_other_values_are_named_and_nothing_is_imported(self) -> None:
        take(line())
        assert bad_lines(
            line(environment="TEST"),
            line(system="Maximo", last_used_on="2026-06-01", technical_email="", role="broker"),
        ) == [
            "line 3, technical_email: This account exists already, with “drift@asgard.example”; the file says “”.",
            "line 3, role: This account exists already, with “seller+broker”; the file says “broker”.",
            "line 3, system: This account exists already, with “SAP”; the file says “Maximo”.",
            "line 3, last_used_on: This account exists already, last used on “2026-01-15”; the file says 2026-06-01."
            " Hand in newer use as usage.",
        ]

    def test_an_account_made_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def first(*_arguments: object, **_options: object) -> None:
            raise IntegrityError("duplicate key")

        monkeypatch.setattr(engine, "begin", first)
        with pytest.raises(NotReady, match="meanwhile"):
            take(line())


class TestBadLines:
    def test_every_mistake_is_named(self) -> None:
        assert bad_lines(
            line(),
            line(client_id=" ", environment="STAGE"),
            line(organisation_number="923609017", owner_email="bjorg"),
            line(role="buyer", purpose=""),
            line(activated_on="29.02.2024", last_used_on="2026-02-30"),
            line(activated_on="2026-11-24", last_used_on=""),
            line(last_used_on="2024-02-28"),
            line(system="x" * 201),
            line(owner_name="Bj\x00rg"),
        ) == [
            "line 3, client_id: It is empty.",
            "line 3, environment: There is no environment “STAGE”. Known: TEST, PRODUCTION.",
            "line 4, organisation_number: “923609017” is no organisation number: 9 digits of which the last one"
            " checks the others.",
            "line 4, owner_email: “bjorg” is no email address.",
            "line 5, role: “buyer” is none of seller, broker, seller+broker.",
            "line 5, purpose: It is empty.",
            "line 6, activated_on: “29.02.2024” is no day such as 2026-11-23.",
            "line 6, last_used_on: “2026-02-30” is no day such as 2026-11-23.",
            "line 7, activated_on: 2026-11-24 lies in the future.",
            "line 8, last_used_on: It is earlier than activated_on (2024-02-29).",
            "line 9, system: It has 201 characters; 200 fit.",
            "line 10, owner_name: This holds a control character. Remove it.",
        ]

    def test_the_same_account_twice(self) -> None:
        assert bad_lines(line(), line(client_id="other"), line(client_id=GOOD["client_id"].lower())) == [
            "line 4, client_id: 5b6d7c1e-0f5f-4c5e-9a53-0f1d2c3b4a59 in PRODUCTION stands in line 2 already."
        ]

    def test_lines_are_counted_as_an_editor_counts_them(self) -> None:
        content = as_csv(line(purpose="Two\nlines of purpose, quoted."), line(client_id=""))
        assert bad_lines(content=content) == ["line 4, client_id: It is empty."]

    def test_too_few_columns_and_broken_quotes(self) -> None:
        told = bad_lines(content=as_csv(line()) + b'a,b\r\n"x"y,z\r\n')
        assert told[0] == "line 3: There must be 12 columns, here are 2."
        assert told[1].startswith("line 4: This is not CSV (")

    def test_foreign_bytes(self) -> None:
        content = as_csv(line()).replace("Ødegård".encode(), "Ødegård".encode("latin-1"))
        assert bad_lines(content=content) == [
            "line 2, owner_name: This is not UTF-8 text. Save the file as UTF-8 and try again."
        ]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", r"The first line must name the columns: client_id,environment,"),
            (b"\n\n", r"The first line must name the columns"),
            (as_csv(columns=COLUMNS[:-1]), r"missing: last_used_on\)"),
            (as_csv(columns=(*COLUMNS, "phone")), r"unknown: phone\)"),
            (as_csv(columns=(*COLUMNS, "role")), r"twice: role\)"),
            (as_csv(columns=COLUMNS).decode().encode("utf-16"), "UTF-16"),
            (b"client_id|environment\n", "missing: client_id, environment"),
        ],
    )
    def test_the_header_is_needed(self, content: bytes, sentence: str) -> None:
        with pytest.raises(BadFile, match=sentence):
            take(content=content)

    def test_a_header_alone_is_well(self) -> None:
        assert take() == Imported()


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 50)
    monkeypatch.setattr(lines, "BLOCK", 4096)

    def peak(number: int, start: int) -> int:
        content = as_csv(*(line(client_id=f"client-{start + index}") for index in range(number)))
        stream = io.BytesIO(content)
        tracemalloc.start()
        import_accounts(stream, name="accounts.csv", by=SYSTEM, now=NOW)
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(100, 0)  # what is imported once
    assert peak(3000, 1000) < 3 * peak(300, 5000)  # garbage that is not collected yet makes some difference


def test_accounts_that_orders_made_are_compared_too() -> None:
    account("alpha", "TEST", system="SAP", purpose=GOOD["purpose"], activated_on=date(2024, 2, 29))
    told = bad_lines(line(client_id="alpha", environment="TEST", owner_email="owner@equinor.example"))
    assert [bad.split(":")[0] for bad in told] == ["line 2, technical_email", "line 2, role", "line 2, last_used_on"]
