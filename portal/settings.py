"""Every setting of the portal, all from the environment (`.env.example` names each variable).

Without DATABASE_URL the portal is *embedded*: SQLite, a broker of files, mails kept in a folder, and keys
that it makes for itself, all under DATA_DIR. With DATABASE_URL it is in production: what is missing stops
the start.
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal import embedded, single_sign_on
from portal.environment import BASE_DIR, Environment, credential_keys
from portal.logs import configure_structlog, logging_config

env = Environment.read()

# --- Where and how

DEBUG = env.yes("DEBUG", False)
PORT = env.number("PORT", 8000)
PORTAL_URL = env.address("PORTAL_URL", f"http://localhost:{PORT}")
DATA_DIR = env.data_dir
EMBEDDED = not env.given("DATABASE_URL")
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL", "support@virtualinventory.no")
PRIVATE_TOKEN_URLS = env.yes("PRIVATE_TOKEN_URLS", EMBEDDED)  # may an administrator name a private network's address?

_host = urlsplit(PORTAL_URL).hostname or "localhost"
_https = PORTAL_URL.startswith("https://")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", list(dict.fromkeys([_host, "localhost", "127.0.0.1"])))
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)  # how many stand in front, whose headers are believed

METRICS_TOKEN = env.text("METRICS_TOKEN", "")  # what a watcher shows for /metrics; without it there is no such page

# --- Keys

if EMBEDDED:
    try:
        _keys = embedded.ensure_keys(DATA_DIR, env.ENVIRON)
    except OSError as mistake:
        raise ImproperlyConfigured(
            f"DATA_DIR ({DATA_DIR}) cannot be written ({mistake.strerror}). Name a folder that can be."
        ) from None
else:
    _keys = {
        "SECRET_KEY": env.demanded("SECRET_KEY", "(50 or more random letters)"),
        "CREDENTIAL_KEYS": env.demanded("CREDENTIAL_KEYS", "k1:(32 random bytes in base64)"),
    }
SECRET_KEY = env.secret_key(_keys["SECRET_KEY"])
CREDENTIAL_KEYS: dict[str, bytes] = credential_keys(_keys["CREDENTIAL_KEYS"])

# --- Database

DATABASES: dict[str, dict[str, Any]] = {"default": env.database(f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["ENGINE"] = "portal.sqlite3"
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a transaction that reads and then writes must queue, not fail
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA busy_timeout=20000;PRAGMA foreign_keys=ON;",
    }
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # a file: threads cannot share one in memory
else:
    _database["CONN_MAX_AGE"] = env.number("DATABASE_CONN_MAX_AGE", 60)  # seconds
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {"connect_timeout": 5, **_database.get("OPTIONS", {})}

# --- Programs

WEBHOOK_PRIVATE_ADDRESSES = env.bool("WEBHOOK_PRIVATE_ADDRESSES", False)  # to try webhooks on one machine
USAGE_BATCH_MEGABYTES = env.number("USAGE_BATCH_MEGABYTES", 16)  # of one POST /api/v1/usage

# --- Mail

MAIL_FOLDER = DATA_DIR / "mail"
_mail = env.mail(f"filemail://{MAIL_FOLDER}" if EMBEDDED else env.demanded("EMAIL_URL", "smtp+tls://USER:PW@HOST:587"))
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST", "localhost")
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH")
EMAIL_TIMEOUT = 10  # seconds
MAIL_IS_KEPT = EMAIL_BACKEND.endswith("filebased.EmailBackend")  # then the mails can be read at /mailbox/
if MAIL_IS_KEPT:
    MAIL_FOLDER = Path(_mail["EMAIL_FILE_PATH"])
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Loop API access portal <no-reply@{_host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
BOUNCE_MAILBOX_URL = env.mailbox("BOUNCE_MAILBOX_URL")  # where delivery reports are read; "" reads none

# --- Celery: the broker only says "look now"; what must happen is a row in the database

CELERY_BROKER_URL = env.broker(
    "filesystem://localhost" if EMBEDDED else env.demanded("CELERY_BROKER_URL", "redis://HOST:6379/0")
)
_broker = urlsplit(CELERY_BROKER_URL).scheme
if _broker == "filesystem":
    _broker_folders = {name: DATA_DIR / "broker" / name for name in ("queue", "control")}
    for _folder in _broker_folders.values():
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(_broker_folders["queue"]),
        "data_folder_out": str(_broker_folders["queue"]),
        "control_folder": str(_broker_folders["control"]),
        "polling_interval": 0.1,  # seconds; the transport's own one second is too slow
    }
elif _broker == "memory":
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900,  # seconds: longer than the hard time limit of a task
        "unacked_restore_interval": 30,
        "unacked_restore_throttle": 1,
        "socket_timeout": 1,  # a web request must not hang when the broker is away
        "socket_connect_timeout": 1,
        "max_retries": 0,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the worker waits for its broker as long as it takes
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 600, 660  # seconds; a check of a million accounts fits
CELERY_TIMEZONE = "Europe/Oslo"
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: no schedule file that a crash could cut short
CELERY_BEAT_SCHEDULE = {
    "due": {"task": "accounts.tasks.run_due", "schedule": 60.0},
    "uploads": {"task": "accounts.tasks.run_uploads", "schedule": 60.0},
}

# --- Django

INSTALLED_APPS = [
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",  # allauth's pages of sessions and passkeys use it
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_structlog",
    "ninja",  # for the viewer of OpenAPI files among its static files
    "template_partials",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.permissions_policy",
    "accounts.api.middleware.api_problems",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.middleware.private_pages",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.second_factor.SecondFactorFirst",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.counts.counts",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

_in_the_database = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "portal_cache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},  # what is thrown out early is a rate limit that was not counted
}
# shared by all web processes, so that rate limits count once
CACHES: dict[str, dict[str, Any]] = {"default": _in_the_database}
if _broker.startswith("redis"):
    CACHES = {
        "default": {
            "BACKEND": "portal.cache.RedisOrBeside",
            "LOCATION": CELERY_BROKER_URL,
            "KEY_PREFIX": "portal",
        },
        "beside": _in_the_database,
    }

# --- Language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nb", _("Norwegian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 31_536_000  # seconds: one year
TIME_ZONE = "Europe/Oslo"
USE_TZ = True

# --- Static files

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static_collected"
_collecting = sys.argv[1:2] == ["collectstatic"]  # makes the list that is looked for here
_collected = _collecting or ((STATIC_ROOT / "staticfiles.json").is_file() and not DEBUG)
WHITENOISE_USE_FINDERS = not _collected
WHITENOISE_MANIFEST_STRICT = False  # a picture added since the last collectstatic must not turn a page into an error
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Files that staff hand in

FILE_UPLOAD_HANDLERS = [
    "accounts.web.upload_limit.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Sign-in: one email field, one code, no passwords

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.web.signin.Adapter"
ACCOUNT_FORMS = {"login": "accounts.web.signin.SignInForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True  # to whoever was deactivated: the same page, the same number of mails
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900  # seconds
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds
REQUIRE_SECOND_FACTOR = env.yes("REQUIRE_SECOND_FACTOR", not EMBEDDED)  # of staff without single sign-on
MFA_ADAPTER = "accounts.web.second_factor.MFAAdapter"
MFA_FORMS = {"add_webauthn": "accounts.web.passkeys.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Loop API access portal"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _https
USERSESSIONS_TRACK_ACTIVITY = True

# --- Single sign-on: one OpenID Connect issuer, or none

_single_sign_on = single_sign_on.read(env)
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": _single_sign_on.apps}}
SOCIALACCOUNT_ADAPTER = "accounts.web.single_sign_on.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # the issuer has verified it, or nobody is let in
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_QUERY_EMAIL = True
OIDC_GROUPS_CLAIM = _single_sign_on.groups_claim
OIDC_ROLE_MAP: dict[str, str] = _single_sign_on.role_map
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# --- Protection

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 604_800  # seconds: a week
# "__Host-": a browser takes such a cookie from this very host alone, so that no neighbour under the same domain can
# plant a session of its own
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-session", "__Host-csrf") if _https else ("sessionid", "csrftoken")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
CSRF_FAILURE_VIEW = "accounts.web.problems.csrf_failure"
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # whoever watches the process asks it directly, without the proxy
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W021",  # HSTS preload binds the whole domain: its owner decides, not this portal
    "auth.W004",  # Person.email is unique whatever its case: by a constraint, which the check does not see
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # the picture of a one-time-code set-up is a data: address
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'", *_single_sign_on.origins],  # the button of single sign-on leads there
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# --- Logs

LOGGING = logging_config(as_json=not EMBEDDED and not DEBUG, level=env.text("LOG_LEVEL", "INFO").upper())
DJANGO_STRUCTLOG_CELERY_ENABLED = True
configure_structlog()
