"""A portal with something on every page: orders and accounts in every state, a notice, a brake, an upload, a deputy.

Everything got there by the real verbs, a moment ago: pages read the machine's clock.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.filebased import EmailBackend
from django.utils import timezone

from accounts import people
from accounts.actions import (
    bounces,
    collecting,
    connectors,
    credentials,
    deputies,
    documentation,
    engine,
    handovers,
    holds,
    inactivity,
    new_secret,
    notices,
    operation_ends,
    operations,
    ordering,
    provider,
    rotation,
    suspended_in_use,
    tokens,
    uploads,
    webhooks,
)
from accounts.actions.environments import Details, add_environment, set_active
from accounts.actions.feeds import feed_of
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import AccountState, OrderState, Role
from accounts.management.samples.documentation import FILE as SAMPLE
from accounts.models import (
    Account,
    Connector,
    Credential,
    DailyUsage,
    FeedKind,
    Finding,
    Handover,
    JobRun,
    Message,
    Notice,
    Operation,
    Order,
    ProviderKind,
    ReturnReason,
    SuspensionList,
    Task,
    current_policy,
)
from accounts.models.bounce import Bounce, UnreachableAddress
from accounts.models.token import Scope
from accounts.models.upload import UploadKind
from tests.story import PURPOSE, Story

SHARED = "whsec_c2VjcmV0LW9mLWJvdGgtc2lkZXMtb2YtdGhlLXdlYmhvb2s="
LONG_ID = "nordsjo-surplus-maximo-production-0b7e4c52-9a61-4d0e-8f3b"
ORDER_STATES = [state.value for state in OrderState]


class Scene(Story):
    """A story told to the end, on every page; ``folder`` takes a kept mail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(timezone.now())
        self.today = timezone.localdate(self.now)
        self.gone = self.person("gone@loop.example", "Grete Gone", Role.SUPPORT)
        self.gone.is_active = False
        self.gone.save()
        self._orders()
        self._accounts()
        self._staff_matters()
        self._providers()
        self._documentation()
        self._mails(folder)

    def order(self, state: str) -> Order:
        """The order in ``state``."""
        return self.orders[state]

    def _orders(self) -> None:
        self.orders = {state: self.order_in(state, environments=("TEST", "PRODUCTION")) for state in ORDER_STATES}
        again = self.order_in("returned")
        self.do(again, "resubmit", "ingrid", comment="I added the project.")
        self.resubmitted = Order.objects.get(pk=again.pk)
        self.issued = self.orders["issued"].accounts.order_by("environment").first()
        collecting.let_collect(self.issued, by=self.actor("ingrid"), now=self.now)
        self.to_collect = self.orders["issued"].accounts.order_by("environment").last()
        self.pending = self.orders["credential_issue"].accounts.order_by("environment").first()

    def _accounts(self) -> None:
        self.covered(self.today - timedelta(days=600), self.today - timedelta(days=1))
        self.gap = (self.today - timedelta(days=30), self.today - timedelta(days=21))
        self.covered(self.today - timedelta(days=600), self.gap[0] - timedelta(days=1), self.production)
        self.covered(self.gap[1] + timedelta(days=1), self.today, self.production)
        self.active = self.account(client_id=LONG_ID, last_used_on=self.today - timedelta(days=2))
        days = [self.today - timedelta(days=number) for number in range(2, 380, 3)]
        DailyUsage.objects.bulk_create(DailyUsage(account=self.active, day=day, calls=7 + day.day * 31) for day in days)
        self._brake()
        self.notified = self.account_in("notified", client_id="nordsjo-notified")
        self.notice = Notice.objects.get(account=self.notified)
        self.suspended = self.account_in("suspended", client_id="nordsjo-suspended")
        self.closed = self.account_in("closed", client_id="nordsjo-closed")
        self.disable = Task.objects.get(account=self.suspended)
        self.offered = self.account(client_id="nordsjo-offered", last_used_on=self.today)
        given = {"email": self.stranger.email, "name": "Stranger", "comment": "She runs it now."}
        handovers.hand_over(self.offered, **given, by=self.actor("ingrid"), now=self.now)
        self.handover = Handover.objects.get()
        holds.set_hold(
            self.account(client_id="nordsjo-held"), until=self.today + timedelta(days=20), by=self.actor("support"),
            now=self.now, comment="A project that starts in spring.",
        )  # fmt: skip
        self._bounce()
        self._reactivation()
        self._rotations()
        self._mistake()
        self.list = SuspensionList.objects.get()
        new_secret.ask_for_new_secret(self.active, by=self.actor("support"), now=self.now, comment="It leaked.")
        self.new_secret = Task.objects.get(account=self.active)

    def _bounce(self) -> None:
        """A notice that reached nobody: its mail came back, and Support looks for a contact."""
        left = self.person("left@nordsjo.example", "Lars Left")
        silent = {"owner": left, "last_used_on": self.today - timedelta(days=400)}
        account = self.account(client_id="nordsjo-nobody", **silent)
        list(inactivity.check(today=self.today, now=self.now))
        message = Message.objects.get(notice__account=account, to_email=left.email)
        Message.objects.filter(pk=message.pk).update(state="given_up")
        said = {"kind": "refused", "status": "5.1.1", "diagnostic": "No such user"}
        Bounce.objects.create(message=message, at=self.now, **said)
        bounces.follow(now=self.now)
        self.unreachable = UnreachableAddress.objects.get()
        self.find_contact = Task.objects.get(kind="find_contact")

    def _reactivation(self) -> None:
        account = self.account_in("suspended", client_id="nordsjo-wanted-again")
        self.done_task = Task.objects.get(account=account)
        provider.confirm(self.done_task, by=self.actor("cegal"), now=self.now)
        self.reactivation = ordering.start_reactivation(account, by=self.actor("ingrid"), now=self.now)

    def _mistake(self) -> None:
        """Suspended for inactivity; usage that came in later shows that it was in use the day before."""
        last = self.today - timedelta(days=400)
        account = self.account(client_id="nordsjo-mistaken", last_used_on=last)
        list(inactivity.check(today=self.today, now=self.now))
        account.refresh_from_db()
        known = {"policy": current_policy(), "today": self.today, "by": SYSTEM, "now": self.now}
        notices.suspend_for_inactivity([(account, Notice.objects.get(account=account))], **known)
        feed = feed_of(self.test, FeedKind.FILE, "file", now=self.now)
        used = suspended_in_use.UsedBefore(account.client_id, self.today - timedelta(days=1), self.today)
        suspended_in_use.look(feed, [used], now=self.now)
        self.mistaken = Account.objects.get(pk=account.pk)

    def _rotations(self) -> None:
        """An account that may ask for a new secret, one whose order is at Cegal, one with both, one to remove."""
        owned = {"last_used_on": self.today}
        self.rotatable = self.account(client_id="nordsjo-rotatable", **owned)
        self.rotating = self.account(client_id="nordsjo-rotating", **owned)
        asking = {"by": self.actor("ingrid"), "now": self.now}
        self.rotation = rotation.ask(self.rotating, **asking)
        self.two_secrets, done = (self.account(client_id=f"nordsjo-{name}", **owned) for name in ("both", "changed"))
        for account in (self.two_secrets, done):
            order = rotation.ask(account, **asking)
            order.concerns = account
            given = {"client_secret": f"{account.client_id}-secret", "key_id": "k-2"}
            self.do(order, "complete_setup", "cegal", **given, expires_on=str(self.today + timedelta(days=400)))
            self.do(order, "issue_credentials", "support", override="on", comment="No network in tests.")
            credentials.reveal(account.credentials.get(), **asking)
        Credential.objects.filter(account=done).update(verified_at=self.now)
        rotation.confirm_in_use(done, **asking)
        self.old_secret = Task.objects.get(account=done)

    def _brake(self) -> None:
        """Twelve notices that nobody answered: more than one run may suspend without asking a person."""
        silent = {"activated_on": self.today - timedelta(days=730), "last_used_on": self.today - timedelta(days=500)}
        rows = [
            Account(
                client_id=f"silent-{number}", environment=self.test, state=AccountState.ACTIVE.value,
                state_since=self.now, created_at=self.now, organisation=self.active.organisation, owner=self.ingrid,
                as_seller=True, purpose=PURPOSE, stated_through=self.today, **silent,
            )
            for number in range(12)
        ]  # fmt: skip
        engine.begin(rows, "import", by=SYSTEM, now=self.now)
        earlier = self.now - timedelta(days=40)
        list(inactivity.check(today=self.today - timedelta(days=40), now=earlier))
        for row in rows:
            self.deliver(row, self.today - timedelta(days=40))

    def _staff_matters(self) -> None:
        henrik = self.actor("responsible")
        days = {"starts_on": self.today, "ends_on": self.today + timedelta(days=7)}
        self.deputy = deputies.name_deputy(self.responsible, self.colleague, **days, by=henrik, now=self.now)
        tried = {"kind": UploadKind.ACCOUNTS, "by": self.actor("support"), "now": self.now}
        self.bad_upload = uploads.hand_in([b"client_id\nx\n"], file_name="accounts.csv", **tried)
        uploads.run_waiting(lambda: self.now)
        self.upload = uploads.hand_in([b"client_id\nx\n"], file_name="more.csv", **tried)
        JobRun.objects.create(
            job="check_inactivity", period=self.today.isoformat(), state="done", lease_until=self.now,
            started_at=self.now - timedelta(minutes=2), ended_at=self.now, counts={"notified": 1},
        )  # fmt: skip
        ada = {"by": self.actor("administrator"), "now": self.now}
        self.token = tokens.make("gateway", scopes=[Scope.USAGE_WRITE], days=90, **ada).token
        self.webhook = webhooks.make("Loop", "https://loop.example/hook", verbs=["approve"], **ada).endpoint
        url = "https://training.example/token"
        self.retired = add_environment("TRAINING", Details(url, "https://training.example"), **ada)
        set_active(self.retired, False, comment="Nobody ordered it.", **ada)
        self.message = Message.objects.filter(kind="order_returned").first()
        self.reason = ReturnReason.objects.order_by("pk").first()

    def _providers(self) -> None:
        """PRODUCTION by a connector: something failed, something waits, and a client stands otherwise there."""
        said = connectors.Details(ProviderKind.WEBHOOK, url="https://provider.example/hook", secret=SHARED)
        connectors.choose(self.production, said, by=self.actor("administrator"), now=self.now)
        account = self.account_in("suspended", client_id="nordsjo-by-connector", environment=self.production)
        operations.open_wanted(now=self.now)
        why = Sentence("%(who)s refused this (HTTP %(status)s).", who="provider.example", status=400)
        operation_ends.fail(Operation.objects.get(account=account), why, now=self.now)
        self.finding = Finding.objects.create(
            environment=self.production, kind="enabled_there", account=account, client_id=account.client_id,
            found_at=self.now,
        )  # fmt: skip
        Connector.objects.update(looked_at=self.now)

    def _documentation(self) -> None:
        """TEST has two versions, the first is shown; PRODUCTION has none."""
        ada = {"by": self.actor("administrator"), "now": self.now}
        file = SAMPLE.read_bytes()
        first = documentation.try_out(file, SAMPLE.name, environment=self.test, **ada).version
        documentation.show(first, comment="The first one.", **ada)
        newer = file.replace(b'"/loop-m2m/loop-api/v1/sales"', b'"/loop-m2m/loop-api/v2/sales"')
        self.documentation = documentation.try_out(newer, "v2.json", environment=self.test, **ada).version

    def _mails(self, folder: Path) -> None:
        letter = EmailMultiAlternatives("Your code", "    A1B2C3\n", "portal@loop.example", [self.ingrid.email])
        letter.attach_alternative("<p>A1B2C3</p>", "text/html")
        EmailBackend(file_path=str(folder)).send_messages([letter])
        self.mail_file = next(folder.iterdir()).name
        self.link = people.notice_token(self.notice.pk, self.ingrid.email)
