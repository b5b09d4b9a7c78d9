"""The addresses of the administrator's pages."""

from __future__ import annotations

from django.urls import URLPattern, path

from accounts.web.administration import documentation, environments, people, policy, providers, return_reasons

ROUTES: list[URLPattern] = [
    path("staff/people/", people.people, name="people"),
    path("staff/people/invite/", people.person_invite, name="person_invite"),
    path("staff/people/<uuid:pk>/", people.person, name="person"),
    path("staff/people/<uuid:pk>/roles/", people.person_roles, name="person_roles"),
    path("staff/people/<uuid:pk>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("staff/people/<uuid:pk>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("staff/people/<uuid:pk>/second-factor/", people.person_second_factor, name="person_second_factor"),
    path("staff/environments/", environments.environments, name="environments"),
    path("staff/environments/add/", environments.environment_add, name="environment_add"),
    path("staff/environments/<uuid:pk>/", environments.environment, name="environment"),
    path(
        "staff/environments/<uuid:pk>/retire/",
        environments.environment_offer,
        {"state": "retire"},
        name="environment_retire",
    ),
    path(
        "staff/environments/<uuid:pk>/restore/",
        environments.environment_offer,
        {"state": "restore"},
        name="environment_restore",
    ),
    path("staff/policy/", policy.policy, name="policy"),
    path("staff/policy/change/", policy.policy_change, name="policy_change"),
    path("staff/return-reasons/", return_reasons.return_reasons, name="return_reasons"),
    path("staff/return-reasons/add/", return_reasons.return_reason_add, name="return_reason_add"),
    path("staff/return-reasons/<uuid:pk>/", return_reasons.return_reason, name="return_reason"),
    path(
        "staff/return-reasons/<uuid:pk>/up/",
        return_reasons.return_reason_do,
        {"what": "up"},
        name="return_reason_up",
    ),
    path(
        "staff/return-reasons/<uuid:pk>/down/",
        return_reasons.return_reason_do,
        {"what": "down"},
        name="return_reason_down",
    ),
    path(
        "staff/return-reasons/<uuid:pk>/retire/",
        return_reasons.return_reason_do,
        {"what": "retire"},
        name="return_reason_retire",
    ),
    path(
        "staff/return-reasons/<uuid:pk>/restore/",
        return_reasons.return_reason_do,
        {"what": "restore"},
        name="return_reason_restore",
    ),
]
ROUTES += providers.ROUTES
ROUTES += documentation.ROUTES
