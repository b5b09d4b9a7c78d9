"""The rules are plain Python; the product does not know its wiring; a subject's state is the engine's alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, Module, dotted, modules

pytestmark = pytest.mark.sqlite_only

ALLOWED_IN_RULES = {"__future__", "accounts.lifecycle", "holidays"}
STATE_WRITERS = {"actions/engine.py"}


def imports(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_rules_import_only_the_standard_library_and_holidays() -> None:
    strange = {
        f"{module.name}: {name}"
        for module in modules()
        if module.room == "lifecycle"
        for name in imports(module)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED_IN_RULES)
    }
    assert strange == set()


def test_the_rules_can_be_used_without_django() -> None:
    code = (
        "import sys; import accounts.lifecycle.diagram as d, accounts.lifecycle.inactivity; d.as_json(); "
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_product_does_not_import_its_wiring() -> None:
    found = {f"{m.name}: {name}" for m in modules() for name in imports(m) if name.split(".")[0] == "portal"}
    assert found == set()


def test_only_actions_import_the_engine() -> None:
    found = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and (
            node.module == "accounts.actions.engine"
            or (node.module == "accounts.actions" and "engine" in {alias.name for alias in node.names})
        )
        if module.room != "actions"
    }
    assert found == set(), "call a verb of accounts.actions instead"


def test_only_the_engine_sets_a_subjects_state_or_version() -> None:
    """No ``subject.state = ...`` anywhere else: every change of a state is a row of the table."""
    found = set()
    for module in modules():
        for node in ast.walk(module.tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                name = dotted(target)
                if name.rpartition(".")[2] in ("state", "state_since", "version") and "." in name:
                    found.add(f"{module.name}: {name}")
    outside = {line for line in found if line.split(":")[0] not in STATE_WRITERS and not line.endswith(": self.state")}
    assert outside == set()


def test_models_write_nothing_but_a_person_and_rows_in_bulk() -> None:
    """Models are shape, constraints and querysets; what happens to them is an action."""
    writes = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "update", "delete", "create"}
    found = {
        f"{module.name}: {dotted(call.func)}"
        for module in modules()
        if module.room == "models"
        for call in module.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in writes
    }
    assert found == {"models/person.py: person.save"}


def test_no_model_has_a_signal_or_a_save_of_its_own() -> None:
    for module in modules():
        names = {node.name for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)}
        assert "django.db.models.signals" not in set(imports(module)), module.name
        if module.room == "models":
            assert not names & {"save", "delete"}, module.name
