"""The data: one noun a file; shape, constraints and querysets, no workflow."""

from accounts.models.account import Account, Credential
from accounts.models.bounce import OF_THE_ADDRESS, Bounce, BounceKind, UnreachableAddress, unreachable_among
from accounts.models.connector import (
    AUTOMATIC,
    OF_TASK,
    OPEN_OPERATIONS,
    Connector,
    Finding,
    FindingKind,
    Operation,
    OperationKind,
    OperationState,
)
from accounts.models.deputy import Deputy, holders
from accounts.models.documentation import Documentation
from accounts.models.environment import Environment, ProviderKind
from accounts.models.event import Event
from accounts.models.feed import BatchOutcome, Feed, FeedKind, Figure, LastUse, UsageBatch
from accounts.models.handover import Handover, HandoverState
from accounts.models.hold import Hold
from accounts.models.job import JobRun, RunState
from accounts.models.message import Message, MessageState
from accounts.models.notice import Notice, SuspensionList
from accounts.models.order import FORM_FIELDS, Order, ReferenceCounter
from accounts.models.organisation import Organisation
from accounts.models.person import Person, RoleGrant
from accounts.models.policy import PolicyNumber, PolicyRecord, current_policy, policy_record
from accounts.models.search_text import SearchText
from accounts.models.subject import Subject
from accounts.models.task import Task, effective_at
from accounts.models.token import ApiAnswer, ApiToken, Scope
from accounts.models.triage import Check, CheckItem, CheckOutcome, ReturnReason
from accounts.models.upload import Upload, UploadKind, UploadPart
from accounts.models.usage import Coverage, DailyUsage, UsageFile
from accounts.models.watchdog import Watchdog
from accounts.models.webhook import WebhookEndpoint, WebhookMessage

__all__ = [
    "AUTOMATIC",
    "FORM_FIELDS",
    "OF_TASK",
    "OF_THE_ADDRESS",
    "OPEN_OPERATIONS",
    "Account",
    "ApiAnswer",
    "ApiToken",
    "BatchOutcome",
    "Bounce",
    "BounceKind",
    "Check",
    "CheckItem",
    "CheckOutcome",
    "Connector",
    "Coverage",
    "Credential",
    "DailyUsage",
    "Deputy",
    "Documentation",
    "Environment",
    "Event",
    "Feed",
    "FeedKind",
    "Figure",
    "Finding",
    "FindingKind",
    "Handover",
    "HandoverState",
    "Hold",
    "JobRun",
    "LastUse",
    "Message",
    "MessageState",
    "Notice",
    "Operation",
    "OperationKind",
    "OperationState",
    "Order",
    "Organisation",
    "Person",
    "PolicyNumber",
    "PolicyRecord",
    "ProviderKind",
    "ReferenceCounter",
    "ReturnReason",
    "RoleGrant",
    "RunState",
    "Scope",
    "SearchText",
    "Subject",
    "SuspensionList",
    "Task",
    "UnreachableAddress",
    "Upload",
    "UploadKind",
    "UploadPart",
    "UsageBatch",
    "UsageFile",
    "Watchdog",
    "WebhookEndpoint",
    "WebhookMessage",
    "current_policy",
    "effective_at",
    "holders",
    "policy_record",
    "unreachable_among",
]
