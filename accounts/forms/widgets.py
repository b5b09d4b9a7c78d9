"""Choices as whole rows with a line of explanation (design: "Choice", 2 to 5 options; more is a select)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms


class _Rows(forms.Widget):
    """What radio buttons and check boxes drawn as rows have in common.

    ``hints`` is a line under an option and ``disabled`` a set of options that cannot be chosen, both by the
    option's value; ``columns`` is 2 to set them side by side. With ``environments`` the label is drawn as the
    tag of the environment that it names.
    """

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        hints: Mapping[str, Any] | None = None,
        disabled: Collection[str] = (),
        columns: int | None = None,
        environments: bool = False,
    ) -> None:
        super().__init__(attrs, choices)  # type: ignore[call-arg]  # Django's choice widgets take them
        self.hints = dict(hints or {})
        self.disabled = frozenset(disabled)
        self.columns = columns
        self.environments = environments

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, label, *args, **kwargs)  # type: ignore[misc]  # Django's choice widgets have it
        option["hint"] = self.hints.get(str(value), "")
        option["environment"] = str(label) if self.environments else ""
        if str(value) in self.disabled:
            option["attrs"]["disabled"] = True
        return option

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["columns"] = self.columns
        return context


class RadioRows(_Rows, forms.RadioSelect):
    """One of a few: ``RadioRows(hints={"keep": "Nothing changes"})``."""


class CheckboxRows(_Rows, forms.CheckboxSelectMultiple):
    """Any of a few: ``CheckboxRows(environments=True, columns=2)``."""
