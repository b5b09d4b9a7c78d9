"""The portal's addresses, an empty page for whoever is signed in, and the stock admin's list of the same orders."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.models import Order


class Site(admin.AdminSite):
    """Open to everybody who signed in: only the list is of interest here."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated


class Orders(admin.ModelAdmin):  # type: ignore[type-arg]
    """The list as one would write it first: the worklist's columns, its filter and its search."""

    list_display = ("reference", "organisation_name", "requester", "state", "state_since", "assignee")
    list_select_related = ("requester", "assignee")
    list_filter = ("state",)
    list_per_page = 25
    search_fields = ("reference", "organisation_name", "requester__name", "requester__email", "owner_name")
    ordering = ("state_since", "id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_module_permission = has_change_permission = has_add_permission = has_delete_permission = has_view_permission


site = Site(name="admin")
site.register(Order, Orders)


def empty(request: HttpRequest) -> HttpResponse:
    """Session and user, and nothing else."""
    return HttpResponse(str(request.user))


urlpatterns = [path("bench/empty/", empty), path("bench/admin/", site.urls), path("", include("portal.urls"))]
