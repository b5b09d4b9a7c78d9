"""The clock is read at the doors alone; below them, when is an argument (``now=``, ``today=``)."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, dotted, modules

pytestmark = pytest.mark.sqlite_only

DOORS = {"web", "api", "tasks", "management", "templatetags", "admin"}
READS = {"timezone.now", "datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "now", "today"}
READS_WITHOUT_ARGUMENT = {"timezone.localdate", "timezone.localtime"}
KNOWN = {
    "models/person.py timezone.now": "django-allauth registers a person at a door and knows no now=; actions pass it",
    "forms/returning.py timezone.localdate": "the form proposes a day; the action decides by its own today",
    "forms/verbs.py timezone.localdate": "the form says of a wrong day so where it was typed; the action decides",
    "migrations/0001_initial.py django.utils.timezone.now": "the default of models/person.py, as a migration says it",
}


def clock_reads(module: Module) -> Iterator[str]:
    """The names by which a module reads the clock, called or handed on."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in READS_WITHOUT_ARGUMENT:
            if not node.args and not node.keywords:
                yield dotted(node.func)
        elif isinstance(node, ast.Attribute) and dotted(node).removeprefix("django.utils.") in READS:
            yield dotted(node)
        elif isinstance(node, ast.Name) and node.id in {"now", "today"} & imported:
            yield node.id


def read_at_import(module: Module) -> Iterator[str]:
    """The calls that read the clock when the module is read: outside of every body of a function.

    What a function takes by default is worked out then, too.
    """
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting += [*node.decorator_list, node.args]
        elif isinstance(node, ast.Lambda):
            waiting.append(node.args)
        else:
            name = dotted(node.func).removeprefix("django.utils.") if isinstance(node, ast.Call) else ""
            if name in READS | READS_WITHOUT_ARGUMENT:
                yield name
            waiting += ast.iter_child_nodes(node)


def test_no_module_reads_the_clock_when_it_is_read_itself() -> None:
    """A worker that runs for months would live on the day on which it was started: at the doors too."""
    found = {f"{module.name} {name}" for module in modules() for name in read_at_import(module)}
    assert found == set(), "ask for the day where it is needed, in a function"


def test_the_search_sees_every_way_to_keep_a_day() -> None:
    text = (
        "TODAY = timezone.localdate()\nclass A:\n    day = date.today()\n"
        "def f(day=timezone.now()):\n    return timezone.now()\ng = lambda: date.today()\n"
        "h = models.DateTimeField(default=timezone.now)\n"
    )
    found = list(read_at_import(Module("web/x.py", ast.parse(text))))
    assert sorted(found) == ["date.today", "timezone.localdate", "timezone.now"]


def test_nothing_below_the_doors_reads_a_clock() -> None:
    found = {
        f"{module.name} {name}" for module in modules() if module.room not in DOORS for name in clock_reads(module)
    }
    assert found - KNOWN.keys() == set(), "take now= or today= as an argument; a door reads the clock once"


def test_every_known_exception_still_exists() -> None:
    found = {f"{module.name} {name}" for module in modules() for name in clock_reads(module)}
    assert KNOWN.keys() - found == set(), "the exception is not needed any more: take it off the list"


def test_the_search_sees_every_way_to_read_a_clock() -> None:
    text = (
        "from django.utils.timezone import now\n"
        "a = timezone.now()\nb = datetime.now(UTC)\nc = date.today()\nd = timezone.localdate()\n"
        "e = now()\nf = models.DateTimeField(default=timezone.now)\ng = timezone.localdate(when)\nh = self.now\n"
    )
    found = list(clock_reads(Module("actions/x.py", ast.parse(text))))
    assert sorted(found) == [
        "date.today", "datetime.now", "now", "timezone.localdate", "timezone.now", "timezone.now",
    ]  # fmt: skip


def test_every_action_takes_who_and_when_by_name() -> None:
    """``by`` and ``now`` are keyword arguments of every verb that a door can call."""
    import inspect

    from accounts import verbs

    for table, known in verbs.TABLES.values():
        assert table
        for name, verb in known.items():
            parameters = inspect.signature(verb.action).parameters
            for wanted in ("by", "now"):
                assert parameters[wanted].kind is inspect.Parameter.KEYWORD_ONLY, f"{name}: {wanted}"
                assert parameters[wanted].default is inspect.Parameter.empty, f"{name}: {wanted} has a default"
