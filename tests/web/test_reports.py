"""Reports: where time goes with the requester's apart, what came and went, what is open, how accounts stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import F

from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, OrderState
from accounts.models import Account, Event, Order, ReturnReason
from accounts.models.period import Period
from accounts.readers import order_times, trends
from accounts.readers import reports as reader
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/reports/"
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # 9:00 in Oslo
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def life(story: Story, *steps: tuple[str, str, float], **draft: Any) -> Order:
    """An order that is begun on a Monday at nine and does each verb so many days after the one before."""
    story.now = MONDAY
    order = story.draft(**draft)
    for verb, who, days in steps:
        story.now += timedelta(days=days)
        story.do(order, verb, who, **_said(story, order, verb))
    story.now = NOW
    return Order.objects.get(pk=order.pk)


def _said(story: Story, order: Order, verb: str) -> dict[str, Any]:
    if verb in ("return", "reject"):
        return {"comment": "Which project?", "comment_purpose": "Say more."}
    return story.data_for(order, verb)


ISSUED = (
    ("submit", "ingrid", 0.0),
    ("send_for_approval", "support", 0.5),
    ("approve", "responsible", 1.0),
    ("send_to_cegal", "support", 0.0),
    ("complete_setup", "cegal", 2.0),
    ("issue_credentials", "support", 0.25),
)
RETURNED = (
    ("submit", "ingrid", 0.0),
    ("return", "support", 1.0),
    ("resubmit", "ingrid", 9.0),
    ("send_for_approval", "support", 1.0),
    *ISSUED[2:],
)


def times(period: Period = PERIOD) -> order_times.Times:
    return order_times.order_times(period, Policy())


def half(found: order_times.Times, stage: str) -> float | None:
    return found.stages[OrderState(stage)].at(0.5)


def test_each_stage_has_its_time(story: Story) -> None:
    life(story, *ISSUED)
    found = times()
    assert [half(found, stage) for stage in ("support", "approval", "approved", "cegal_setup", "credential_issue")] == [
        0.5, 1.0, 0.0, 2.0, 0.25,
    ]  # fmt: skip
    assert half(found, "returned") is None
    assert found.to_credentials.at(0.5) == 3.75
    assert found.first_answer.at(0.5) == 0.5
    assert (found.right_first_time.hits, found.right_first_time.of) == (1, 1)


def test_the_requester_s_time_stands_apart_in_calendar_days(story: Story) -> None:
    life(story, *RETURNED)
    found = times()
    assert half(found, "returned") == 9.0  # with its weekends
    assert half(found, "support") == 2.0  # both visits added up
    assert found.first_answer.at(0.5) == 1.0
    assert found.to_credentials.at(0.5) == 14.25
    assert (found.right_first_time.hits, found.right_first_time.of) == (0, 1)


def test_weekends_do_not_count_against_the_target(story: Story) -> None:
    life(story, ("submit", "ingrid", 4.0), ("reject", "support", 3.0))  # Friday to Monday
    found = times()
    assert half(found, "support") == 1.0
    assert (found.in_time[OrderState.SUPPORT].hits, found.in_time[OrderState.SUPPORT].of) == (1, 1)
    assert found.right_first_time.of == 0


def test_late_is_what_the_worklist_calls_late(story: Story) -> None:
    life(story, ("submit", "ingrid", 0.0), ("reject", "support", 3.0))  # due on Wednesday, done on Thursday
    assert times().in_time[OrderState.SUPPORT].percent == 0


def test_only_what_ended_in_the_period_and_was_ever_sent(story: Story) -> None:
    life(story, ("withdraw", "ingrid", 1.0))  # a draft that was given up
    life(story, ("submit", "ingrid", 0.0))  # still open
    life(story, ("submit", "ingrid", 0.0), ("withdraw", "ingrid", 1.0))
    assert times().ended == 1
    assert times(Period(date(2026, 11, 4), date(2026, 11, 30))).ended == 0
    assert times(Period(date(2026, 11, 3), date(2026, 11, 3))).ended == 1


def test_an_order_begun_again_is_timed_from_then(story: Story) -> None:
    life(
        story, ("submit", "ingrid", 0.0), ("withdraw", "ingrid", 1.0), ("reopen", "ingrid", 3.0),
        ("submit", "ingrid", 3.0), ("reject", "support", 0.5),
    )  # fmt: skip
    found = times()
    assert found.ended == 2
    assert [found.stages[OrderState.SUPPORT].at(share) for share in (0, 1)] == [0.5, 1.0]


def test_an_environment_is_told_alone(story: Story) -> None:
    life(story, *ISSUED, environments=("TEST",))
    life(story, *RETURNED, environments=("PRODUCTION",))
    assert times(Period(PERIOD.first, PERIOD.last, "TEST")).right_first_time.percent == 100
    assert times(Period(PERIOD.first, PERIOD.last, "PRODUCTION")).right_first_time.percent == 0
    assert times().right_first_time.percent == 50
    assert trends.returns(Period(PERIOD.first, PERIOD.last, "TEST")).number == 0
    assert trends.orders_by_month(Period(PERIOD.first, PERIOD.last, "TEST"))[0][1] == {"sent": 1, "issued": 1}


def test_months_begin_and_end_in_the_portal_s_time_zone(story: Story) -> None:
    story.now = datetime(2026, 10, 31, 22, 59, tzinfo=UTC)  # 23:59 in Oslo
    story.order_in("rejected")
    story.now = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    story.order_in("withdrawn")  # a draft: it never came
    story.order_in("issued")
    found = trends.orders_by_month(Period(date(2026, 10, 15), date(2026, 11, 30)))
    assert found == [
        (date(2026, 10, 15), {"sent": 1, "rejected": 1}),
        (date(2026, 11, 1), {"sent": 1, "issued": 1}),
    ]


def test_returns_name_the_field_and_the_reason_of_the_catalogue(story: Story) -> None:
    reason = ReturnReason.objects.filter(field="purpose").first()
    assert reason is not None
    for text in (reason.text_en, f"Hello. {reason.text_nb}", "Say more."):
        order = life(story, ("submit", "ingrid", 0.0))
        story.now = MONDAY + timedelta(days=1)
        story.do(order, "return", "support", comment="And call me.", comment_purpose=text, comment_system="Which?")
    found = trends.returns(PERIOD)
    assert found.number == 3
    assert found.fields == {"order": 3, "purpose": 3, "system": 3}
    assert found.reasons[("purpose", str(reason.pk))] == 2
    assert found.reasons[("purpose", "")] == 1


def test_open_orders_by_age_and_those_past_the_target(story: Story) -> None:
    life(story, ("submit", "ingrid", 0.0))  # 21 days ago
    story.order_in("support")
    story.order_in("returned")
    story.order_in("issued")
    found = trends.open_orders(PERIOD, Policy(), date(2026, 11, 23))
    assert found[OrderState.SUPPORT].ages == [1, 0, 0, 0, 1, 0]
    assert (found[OrderState.SUPPORT].late, found[OrderState.RETURNED].late) == (1, 0)
    assert sum(stage.number for stage in found.values()) == 3


def test_accounts_are_told_back_from_now(story: Story) -> None:
    story.now = datetime(2026, 9, 10, 12, tzinfo=UTC)
    first, second = story.account(), story.account()
    story.now = datetime(2026, 10, 10, 12, tzinfo=UTC)
    story.do(first, "suspend", "support", comment="Leaked.")
    story.now = datetime(2026, 11, 10, 12, tzinfo=UTC)
    story.do(second, "close", "support", comment="Not used.")
    story.account()
    found = trends.accounts_over_time(Period(date(2026, 8, 1), date(2026, 11, 23)), Policy(), date(2026, 11, 23))
    shown = [(day, [counts[state] for state in trends.SHOWN_STATES]) for day, counts in found.days]
    assert shown == [
        (date(2026, 8, 31), [0, 0, 0]),
        (date(2026, 9, 30), [2, 0, 0]),
        (date(2026, 10, 31), [1, 0, 1]),
        (date(2026, 11, 23), [1, 0, 1]),
    ]
    assert found.silent == Account.objects.filter(state=AccountState.ACTIVE.value).count()
    alone = trends.accounts_over_time(Period(date(2026, 11, 1), date(2026, 11, 23), "PRODUCTION"), Policy(), NOW.date())
    assert alone.days[0][1][AccountState.ACTIVE] == 0


@pytest.mark.parametrize("state", list(AccountState))
def test_every_move_of_an_account_is_counted(story: Story, state: AccountState) -> None:
    account = story.account_in(state)
    moves = Event.objects.filter(subject_id=account.pk).exclude(source=F("target"))
    assert set(moves.values_list("verb", flat=True)) <= set(trends.MOVES)


# --- the page


@pytest.mark.parametrize("who", ["ingrid", "cegal"])
@pytest.mark.parametrize("path", ["", "stages.csv"])
def test_it_is_for_those_who_answer_for_the_service(story: Story, who: str, path: str) -> None:
    assert browser(story, who).get(URL + path).status_code == 403


@pytest.mark.parametrize("who", ["support", "responsible", "administrator"])
def test_the_page_says_of_how_many_it_speaks(story: Story, who: str) -> None:
    life(story, *ISSUED)
    life(story, *RETURNED)
    text = words(read(browser(story, who), URL))
    assert "26 Aug 2026 to 23 Nov 2026 , 2 orders ended" in text
    assert "Order to credentials, p50 9 days 2 orders" in text
    assert "Right the first time 50 % 1 of 2 orders" in text
    assert "9 d, 1 order" in text
    assert "Waiting for the requester 1 9 9 calendar days – –" in text
    assert "1 return" in text


def test_without_any_order_it_says_what_would_fill_it(story: Story) -> None:
    page = read(browser(story, "responsible"), URL)
    assert "No order ended in this period" in page
    assert "Nothing was returned in this period" in page
    assert "No order is open" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("period=30", "25 Oct 2026 to 23 Nov 2026"),
        ("period=365", "24 Nov 2025 to 23 Nov 2026"),
        ("first=2026-01-01&last=2026-06-30&period=own", "1 Jan 2026 to 30 Jun 2026"),
        ("first=2026-11-01", "1 Nov 2026 to 23 Nov 2026"),
    ],
)
def test_the_period_stands_in_the_address(story: Story, query: str, shown: str) -> None:
    assert shown in words(read(browser(story, "responsible"), f"{URL}?{query}"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=own", "Choose the first day."),
        ("period=own&first=2026-11-02&last=2026-11-01", "Choose a last day that is not before the first."),
        ("period=own&first=1999-01-01", "Choose at most five years."),
        ("period=own&first=tomorrow", "Enter a valid date."),
    ],
)
def test_a_period_that_cannot_be_says_why_and_shows_the_usual_one(story: Story, query: str, said: str) -> None:
    text = words(read(browser(story, "responsible"), f"{URL}?{query}"))
    assert said in text
    assert "26 Aug 2026 to 23 Nov 2026" in text


def test_each_table_is_a_file(story: Story) -> None:
    life(story, *RETURNED)
    by = browser(story, "responsible")
    page = read(by, f"{URL}?period=30")
    for key in ("stages", "months", "returns", "ageing", "accounts"):
        assert (f"{URL}{key}.csv?period=30" in page) is (key != "ageing")  # nothing is open
        answer = by.get(f"{URL}{key}.csv?period=30")
        assert answer["Content-Disposition"] == f'attachment; filename="{key}-2026-10-25-2026-11-23.csv"'
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len({len(line) for line in lines}) == 1
        assert len(lines) > 1
    months = list(csv.reader(io.StringIO(by.get(f"{URL}months.csv?period=30").content.decode("utf-8-sig"))))
    assert months[1:] == [["2026-10-25", "0", "0", "0", "0"], ["2026-11-01", "1", "1", "0", "0"]]
    assert by.get(f"{URL}ghost.csv").status_code == 404


def test_it_is_read_once_and_kept_for_ten_minutes(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    read_anew = reader.read
    calls: list[datetime] = []

    def counted(period: Period, policy: Policy, now: datetime) -> reader.Report:
        calls.append(now)
        return read_anew(period, policy, now)

    monkeypatch.setattr(reader, "read", counted)
    first = reader.report(PERIOD, Policy(), NOW)
    assert reader.report(PERIOD, Policy(), NOW + timedelta(minutes=10)) == first
    reader.report(PERIOD, Policy(target_support=9), NOW)
    reader.report(Period(PERIOD.first, PERIOD.last, "TEST"), Policy(), NOW)
    assert len(calls) == 3
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        reader.report(PERIOD, Policy(), NOW + timedelta(minutes=11))
    assert len(calls) == 4


def test_as_many_queries_for_one_order_as_for_many(story: Story, django_assert_max_num_queries: Any) -> None:
    life(story, *RETURNED)
    with django_assert_max_num_queries(8):
        reader.read(PERIOD, Policy(), NOW)
    for _number in range(5):
        life(story, *RETURNED)
        story.order_in("support")
    with django_assert_max_num_queries(8):
        reader.read(PERIOD, Policy(), NOW)
    assert queries(browser(story, "responsible"), URL) <= 16


def test_in_norwegian_too(story: Story) -> None:
    life(story, *RETURNED)
    answer = browser(story, "responsible").get(URL, headers={"accept-language": "nb"})
    assert answer.status_code == 200
    assert 'lang="nb"' in answer.content.decode()
