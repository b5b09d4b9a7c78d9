"""Every page of the portal by its URL name, with who opens it: what the browser, the validator and the eye walk.

A page is missing here when its URL name is neither in PAGES nor, with a reason, in NO_PAGES: test_every_page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, reverse

from tests.scene import Scene

Arguments = Callable[[Scene], Iterable[Any]]


@dataclass(frozen=True)
class Page:
    """A page: its URL name, who opens it ("" for nobody), its arguments, its query string, the status it answers.

    ``press`` is the words of a button of the main part to press first, after ``typed`` went into the fields named by
    their labels; the page looked at is the one that follows.
    """

    name: str
    who: str
    given: Arguments = lambda scene: ()
    query: str = ""
    status: int = 200
    press: str = ""
    typed: tuple[tuple[str, str], ...] = ()

    def address(self, scene: Scene) -> str:
        """Its path and query."""
        return reverse(self.name, args=list(self.given(scene))) + self.query

    @property
    def label(self) -> str:
        return " ".join(filter(None, [self.name, self.query, self.press, f"({self.who or 'nobody'})"]))


def _order(state: str) -> Arguments:
    return lambda scene: [scene.order(state).reference]


def _verb(state: str, verb: str) -> Arguments:
    return lambda scene: [scene.order(state).reference, verb]


def _own(attribute: str, *more: str) -> Arguments:
    return lambda scene: [getattr(scene, attribute).pk, *more]


_NOBODY = [
    Page("landing", ""),
    Page("accessibility", ""),
    Page("privacy", ""),
    Page("account_login", ""),
    Page("account_login", "", press="Send me a code"),
    Page("notice_answer", "", lambda scene: [scene.link]),
    Page("notice_answer", "", lambda scene: [scene.link], press="I still need it"),
    Page("notice_answer", "", lambda scene: ["void"], status=404),
    Page("mailbox", ""),
    Page("mail", "", lambda scene: [scene.mail_file, 0]),
]
_REQUESTER = [
    Page("my_orders", "ingrid"),
    Page("my_orders", "stranger"),
    Page("order_new", "ingrid"),
    Page("order_new", "ingrid", press="Continue to check your answers"),
    *(Page("order", "ingrid", _order(state)) for state in ("draft", "support", "returned", "approval", "approved")),
    *(Page("order", "ingrid", _order(state)) for state in ("cegal_setup", "issued", "rejected", "withdrawn")),
    Page("order", "stranger", _order("support"), status=404),
    Page("order_edit", "ingrid", _order("draft")),
    Page("order_edit", "ingrid", _order("returned")),
    Page("order_edit", "ingrid", _order("returned"), "?open=all"),
    Page("order_edit", "ingrid", lambda scene: [scene.reactivation.reference]),
    Page("order_check", "ingrid", _order("draft")),
    Page("order_check", "ingrid", _order("returned")),
    Page("order_sent", "ingrid", _order("support")),
    Page("order_verb", "ingrid", _verb("support", "withdraw")),
    Page("order_verb", "ingrid", _verb("issued", "withdraw"), status=409),
    Page("my_accounts", "ingrid"),
    Page("my_accounts", "stranger"),
    *(Page("account", "ingrid", _own(name)) for name in ("active", "notified", "suspended", "closed", "issued")),
    Page("account", "ingrid", _own("two_secrets")),
    Page("account", "ingrid", _own("rotating")),
    Page("account_rotate", "ingrid", _own("rotatable")),
    Page("account_secret_in_use", "ingrid", _own("two_secrets")),
    Page("account_keep_both", "ingrid", _own("two_secrets")),
    Page("account_test_new", "ingrid", _own("two_secrets")),
    Page("getting_started", "stranger"),
    Page("account_start", "ingrid", _own("active")),
    Page("documentation", "ingrid"),
    Page("documentation_of", "ingrid", lambda scene: ["TEST"]),
    Page("documentation_of", "ingrid", lambda scene: ["PRODUCTION"]),
    Page("documentation_of", "ingrid", lambda scene: ["NOWHERE"], status=404),
    Page("account_hand_over", "ingrid", _own("active")),
    Page("answer_all", "ingrid"),
    Page("handover", "stranger", _own("handover")),
    Page("mfa_index", "ingrid"),
    Page("mfa_activate_totp", "ingrid"),
    Page("mfa_add_webauthn", "ingrid"),
    Page("mfa_view_recovery_codes", "ingrid", status=404),
    Page("usersessions_list", "ingrid"),
    Page("account_verb", "ingrid", _own("notified", "close")),
    Page("account_verb", "ingrid", _own("notified", "keep"), press="Keep the account"),
    Page("collect", "ingrid", lambda scene: [scene.to_collect.pk]),
    Page("collect", "ingrid", lambda scene: [scene.to_collect.pk], press="Show the secret once"),
    Page("collect", "ingrid", _own("active")),
    Page("account_collector", "ingrid", lambda scene: [scene.to_collect.pk, "let"]),
    Page("account_collector", "ingrid", lambda scene: [scene.issued.pk, "stop"]),
    Page("worklist", "ingrid", status=403),
]
_SUPPORT = [
    Page("worklist", "support"),
    Page("worklist", "support", query="?state=all"),
    Page("worklist", "support", query="?q=nothing-like-it"),
    *(Page("staff_order", "support", _order(state)) for state in ("support", "returned", "approval", "approved")),
    *(Page("staff_order", "support", _order(state)) for state in ("cegal_setup", "credential_issue", "issued")),
    Page("staff_order", "support", lambda scene: [scene.resubmitted.reference]),
    Page("staff_order", "support", _order("approved"), press="Continue"),
    Page("order_hand_over", "support", _order("support")),
    Page("staff_order_requester", "support", _order("support")),
    Page("staff_order_owner", "support", _order("support")),
    Page("order_verb", "support", _verb("support", "reject")),
    Page("order_verb", "support", _verb("support", "reject"), press="Reject"),
    Page("order_verb", "support", _verb("approval", "approve"), status=403),
    Page("staff_accounts", "support"),
    Page("staff_accounts", "support", query="?q=nothing-like-it"),
    *(Page("staff_account", "support", _own(name)) for name in ("active", "notified", "suspended", "pending")),
    Page("staff_account", "support", _own("two_secrets")),
    Page("staff_account", "support", _own("mistaken")),
    Page("account", "ingrid", _own("mistaken")),
    Page("account_rotate", "support", _own("rotatable")),
    Page("staff_secrets", "support", query="?state=all"),
    Page("staff_secrets", "support"),
    Page("account_new_secret", "support", _own("notified")),
    Page("account_verb", "support", _own("active", "suspend")),
    Page("inactivity", "support"),
    Page("inactivity_ahead", "support"),
    Page("inactivity_check", "support"),
    Page("feeds", "support"),
    Page("feed_gap", "support", lambda scene: [scene.production.pk, *map(str, scene.gap)]),
    Page("account_use", "support", _own("active")),
    Page("providers", "support"),
    Page("providers", "support", query="?state=failed"),
    Page("providers", "support", query="?state=open"),
    Page("providers", "support", query="?q=nothing-like-it"),
    Page("provider_open_again", "support", _own("finding")),
    Page("suspension_list", "support", _own("list")),
    Page("staff_task", "support", _own("find_contact")),
    Page("staff_tasks", "support"),
    Page("staff_tasks", "support", query="?q=nothing-like-it"),
    Page("holds", "support"),
    Page("holds", "support", query="?state=ended"),
    Page("account_verb", "support", _own("active", "hold")),
    Page("messages", "support"),
    Page("message", "support", _own("message")),
    Page("address_works", "support", _own("unreachable")),
    Page("mails", "support"),
    Page("mail_sample", "support", lambda scene: ["order_returned", "en"]),
    Page("imports", "support"),
    Page("import_new", "support", lambda scene: ["accounts"]),
    Page("import_new", "support", lambda scene: ["usage"]),
    Page("import", "support", _own("upload")),
    Page("import", "support", _own("bad_upload")),
    Page("job_runs", "support"),
    Page("style", "support"),
]
_RESPONSIBLE = [
    Page("approvals", "responsible"),
    Page("approval", "responsible", _order("approval")),
    Page("approval", "responsible", _order("approved")),
    Page("approval", "responsible", _order("approval"), press="Approve"),
    Page("approval", "responsible", _order("approval"), press="Reject"),
    Page("order_verb", "responsible", _verb("approval", "return"), press="Return for more information"),
    Page("deputies", "responsible"),
    Page("deputy", "responsible", _own("deputy")),
    Page("deputy_end", "responsible", _own("deputy")),
    Page("reports", "responsible"),
    Page("reports", "responsible", query="?period=year"),
]
_CEGAL = [
    Page("cegal_queue", "cegal"),
    Page("cegal_queue", "cegal", query="?state=tasks"),
    Page("cegal_queue", "cegal", query="?state=done"),
    Page("cegal_order", "cegal", _order("cegal_setup")),
    Page("cegal_order", "cegal", _order("cegal_setup"), press="Complete setup"),
    Page("cegal_order", "cegal", _order("issued")),
    Page("order_verb", "cegal", _verb("cegal_setup", "hand_back")),
    Page("cegal_task", "cegal", _own("disable")),
    Page("cegal_task", "cegal", _own("new_secret")),
    Page("cegal_task", "cegal", _own("old_secret")),
    Page("cegal_order", "cegal", lambda scene: [scene.rotation.reference]),
    Page("cegal_task", "cegal", _own("done_task")),
]
_ADMINISTRATOR = [
    Page("people", "administrator"),
    Page("person", "administrator", _own("support")),
    Page("person", "administrator", _own("gone")),
    Page("person_invite", "administrator"),
    Page("person_invite", "administrator", press="Send the invitation"),
    Page("person_roles", "administrator", _own("support")),
    Page("person_deactivate", "administrator", _own("support")),
    Page("person_second_factor", "administrator", _own("support")),
    Page("person_reactivate", "administrator", _own("gone")),
    Page("environments", "administrator"),
    Page("environment_add", "administrator"),
    Page("environment", "administrator", _own("test")),
    Page("environment_provider", "administrator", _own("test")),
    Page("environment_provider", "administrator", _own("production")),
    Page("environment_retire", "administrator", _own("test")),
    Page("environment_restore", "administrator", _own("retired")),
    Page("environment_documentation", "administrator", _own("test")),
    Page("environment_documentation", "administrator", _own("test"), press="Try the file"),
    Page("environment_documentation", "administrator", _own("production")),
    Page("documentation_version", "administrator", _own("test", "1")),
    Page("documentation_version", "administrator", _own("test", "2")),
    Page("documentation_take_away", "administrator", _own("test")),
    Page("policy", "administrator"),
    Page("policy", "administrator", press="See what would change", typed=(("Time to answer a notice", "45"),)),
    Page("return_reasons", "administrator"),
    Page("return_reason_add", "administrator"),
    Page("return_reason", "administrator", _own("reason")),
    Page("portal_api", "administrator"),
    Page("tokens", "administrator"),
    Page("token_new", "administrator"),
    Page("token_new", "administrator", press="Make a token"),
    Page("token_revoke", "administrator", _own("token")),
    Page("webhooks", "administrator"),
    Page("webhook_new", "administrator"),
    Page("webhook", "administrator", _own("webhook")),
    Page("webhook_switch", "administrator", _own("webhook", "off")),
    Page("audit", "administrator"),
    Page("reports", "administrator"),
]
ROLES = {
    "nobody": _NOBODY,
    "requester": _REQUESTER,
    "support": _SUPPORT,
    "responsible": _RESPONSIBLE,
    "cegal": _CEGAL,
    "administrator": _ADMINISTRATOR,
}
PAGES = [page for pages in ROLES.values() for page in pages]

_POST_ONLY = "answers a POST alone, and leads back to a page"
_PART = "a part of a page, fetched by htmx"
_FILE = "a file to keep"
NO_PAGES = {
    "about": "leads on to the landing page",
    "set_theme": _POST_ONLY,
    "set_language": _POST_ONLY,
    "order_new_autosave": _PART,
    "order_autosave": _PART,
    "order_purpose_check": _PART,
    "order_message": _POST_ONLY,
    "account_reactivate": _POST_ONLY,
    "handover_withdraw": _POST_ONLY,
    "worklist_export": _FILE,
    "accounts_export": _FILE,
    "secrets_export": _FILE,
    "audit_export": _FILE,
    "report_table": _FILE,
    "order_take": _POST_ONLY,
    "order_release": _POST_ONLY,
    "staff_order_check": _POST_ONLY,
    "staff_order_mail": "a mail, drawn as a mail program draws it",
    "staff_order_message": _POST_ONLY,
    "staff_order_note": _POST_ONLY,
    "credential_verify": _POST_ONLY,
    "message_send_again": _POST_ONLY,
    "mail_sample_html": "a mail, drawn as a mail program draws it",
    "documentation_file": _FILE,
    "documentation_version_file": _FILE,
    "postman_environment": _FILE,
    "postman_collection": _FILE,
    "account_test": _POST_ONLY,
    "inactivity_ahead_csv": _FILE,
    "providers_export": _FILE,
    "providers_compare": _POST_ONLY,
    "operation_retry": _POST_ONLY,
    "environment_provider_try": _POST_ONLY,
    "webhook_replay": _POST_ONLY,
    "webhook_again": _POST_ONLY,
    "mail_html": "a mail, drawn as a mail program draws it",
    "policy_change": _POST_ONLY,
    "import_carry_out": _POST_ONLY,
    "audit_verify": _POST_ONLY,
    "return_reason_up": _POST_ONLY,
    "return_reason_down": _POST_ONLY,
    "return_reason_retire": _POST_ONLY,
    "return_reason_restore": _POST_ONLY,
}
"""URL names that show nobody a page of their own, each with the reason."""


def url_names() -> set[str]:
    """Every URL name of the portal's own pages."""
    from accounts.web import mailbox, urls

    return {pattern.name for pattern in [*urls.urlpatterns, *mailbox.ROUTES] if isinstance(pattern, URLPattern)}
