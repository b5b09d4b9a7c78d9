"""The tables of a report: the numbers beside each chart, and what each file for a spreadsheet holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState
from accounts.models import ReturnReason
from accounts.readers.charts import figure
from accounts.readers.figures import Share, Spread
from accounts.readers.reports import Report
from accounts.readers.trends import AGES, SHOWN_STATES, WHOLE

NONE = "–"


@dataclass(frozen=True)
class Words:
    """What the tables name: the order form's fields, and the targets that the policy sets."""

    fields: Mapping[str, Any]
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class Table:
    """A table: ``key`` names its file, ``note`` says what counts. Cells are numbers, days (``day_form`` says how a page
    writes them), text in the reader's language, or None.
    """

    key: str
    title: str
    note: str
    head: list[str]
    rows: list[list[Any]]
    day_form: str = ""

    @property
    def shown(self) -> list[list[str]]:
        """The rows as a page writes them."""
        return [[self._shown(cell) for cell in row] for row in self.rows]

    @property
    def labels(self) -> list[str]:
        """The first cell of each row: what stands below a chart."""
        return [str(date_format(row[0], "M Y")) if isinstance(row[0], date) else str(row[0]) for row in self.rows]

    def _shown(self, cell: Any) -> str:
        if cell is None:
            return NONE
        if isinstance(cell, date):
            return str(date_format(cell, self.day_form))
        return figure(cell) if isinstance(cell, int | float) else str(cell)


def stages(report: Report, words: Words) -> Table:
    """How long orders were in each stage."""
    times = report.times
    rows = []
    for stage, spread in times.stages.items():
        target = words.policy.stage_target(stage)
        unit = _("calendar days") if target is None else _("working days")
        in_time = times.in_time[stage].percent
        rows.append([stage_word(stage), *spread_cells(spread), unit, target, in_time])
    rows.append([_("Sent to first answer"), *spread_cells(times.first_answer), _("working days"), None, None])
    rows.append([_("Sent to credentials"), *spread_cells(times.to_credentials), _("calendar days"), None, None])
    note = _("Orders that ended in the period; all times of one order in a stage added up. Working days have 24 hours, "
             "without weekends and Norwegian holidays.")  # fmt: skip
    head = [_("Stage"), _("Orders"), _("p50"), _("p90"), _("Unit"), _("Target"), _("Within target, %")]
    return Table("stages", _("Time in each stage"), note, head, rows)


def months(report: Report, words: Words) -> Table:
    """How many orders came and went in each month."""
    flows = ("sent", "issued", "rejected", "withdrawn")
    rows = [[first, *(counts[flow] for flow in flows)] for first, counts in report.by_month]
    head = [_("Month"), *flow_words()]
    note = _("Events in the period: an order can be sent in one month and issued in the next. The first and the last "
             "month may be cut by the period.")  # fmt: skip
    return Table("months", _("Orders per month"), note, head, rows, "M Y")


def returns(report: Report, words: Words) -> Table:
    """Why orders were returned."""
    titles = {str(one.pk): one.title(get_language() or "en") for one in ReturnReason.objects.all()}
    found = sorted(report.returns.reasons.items(), key=lambda one: (-one[1], one[0]))
    rows = [[field_word(name, words), titles.get(reason, _("Own words")), number] for (name, reason), number in found]
    note = _(
        "Returns in the period; one return can name several fields. A reason is known by the words of the catalogue."
    )
    return Table("returns", _("Why orders are returned"), note, [_("Field"), _("Reason"), _("Returns")], rows)


def ageing(report: Report, words: Words) -> Table:
    """How long the open orders stand where they are."""
    rows = [[stage_word(stage), *open_.ages, open_.number, open_.late] for stage, open_ in report.open.items()]
    head = [_("Stage"), *age_words(), _("All"), _("Past the target")]
    note = _("Orders that are open now, by calendar days in their present stage, whatever the period.")
    return Table("ageing", _("Age of open orders"), note, head, rows)


def accounts(report: Report, words: Words) -> Table:
    """How many accounts were in which state."""
    rows = [[day, *(counts[state.value] for state in SHOWN_STATES)] for day, counts in report.accounts.days]
    head = [_("Day"), *account_words()]
    note = _("Accounts by state at the end of each month of the period, and of its last day.")
    return Table("accounts", _("Accounts over time"), note, head, rows, "j. N Y" if _norwegian() else "j M Y")


TABLES: dict[str, Callable[[Report, Words], Table]] = {
    "stages": stages,
    "months": months,
    "returns": returns,
    "ageing": ageing,
    "accounts": accounts,
}
"""Every table by its key."""


def stage_word(stage: OrderState) -> str:
    """What a stage is called in a report: by who has the work, not by what state the order is in."""
    return {
        OrderState.SUPPORT: _("Support"),
        OrderState.RETURNED: _("Waiting for the requester"),
        OrderState.APPROVAL: _("Approval"),
        OrderState.APPROVED: _("Sending to Cegal"),
        OrderState.CEGAL_SETUP: _("Cegal setup"),
        OrderState.CREDENTIAL_ISSUE: _("Issuing credentials"),
    }[stage]


def account_words() -> list[str]:
    """The states of accounts, in the order of the columns."""
    return [
        pgettext("state of an account", "Active"),
        _("Inactivity notice sent"),
        pgettext("state of an account", "Suspended"),
    ]


def field_word(name: str, words: Words) -> str:
    """What a field that a return names is called."""
    return _("The order as a whole") if name == WHOLE else str(words.fields.get(name, name))


def flow_words() -> list[str]:
    """What happens to orders, in the order of the columns."""
    return [
        pgettext("orders", "Sent"),
        pgettext("orders", "Issued"),
        pgettext("orders", "Rejected"),
        pgettext("orders", "Withdrawn"),
    ]


def age_words() -> list[str]:
    """The classes of age in calendar days: "0–1", "2–3", ..., "31+"."""
    starts = (0, *AGES)
    return [*(f"{start}–{end - 1}" for start, end in zip(starts, AGES, strict=False)), f"{AGES[-1]}+"]


def spread_cells(spread: Spread) -> list[Any]:
    """Of how many, p50 and p90, to a tenth."""
    return [spread.number, *(None if (at := spread.at(share)) is None else round(at, 1) for share in (0.5, 0.9))]


def share_words(share: Share) -> str:
    """Of how many a share was taken: a percentage of three orders says little."""
    return _("%(hits)d of %(of)d orders") % {"hits": share.hits, "of": share.of}


def lines(table: Table) -> Sequence[Sequence[str]]:
    """The table with its head, for a file: days as ISO text, nothing where there is no number."""
    return [table.head, *([("" if cell is None else str(cell)) for cell in row] for row in table.rows)]


def _norwegian() -> bool:
    return (get_language() or "en").startswith("nb")
