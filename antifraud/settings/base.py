"""Settings of every environment; what differs by place is read from the environment, what differs by use in dev, test and production."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from antifraud.settings import assets, databases, description, env, logs

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.text("ANTIFRAUD_DATA", str(BASE_DIR / ".data")))

VENDOR_ASSETS: dict[str, Path] = assets.VENDOR_ASSETS
LOGGING = logs.LOGGING
DATABASES = databases.DATABASES

SECRET_KEY = env.text("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.words("ANTIFRAUD_HOSTS", "localhost,127.0.0.1,[::1]")
ROOT_URLCONF = "antifraud.urls"
WSGI_APPLICATION = "antifraud.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "antifraud.crypto.apps.CryptoConfig",
    "antifraud.audit.apps.AuditConfig",
    "antifraud.outbox.apps.OutboxConfig",
    "antifraud.approvals.apps.ApprovalsConfig",
    "antifraud.jobs.apps.JobsConfig",
    "antifraud.api.apps.ApiConfig",
    "banks.apps.BanksConfig",
    "cases.apps.CasesConfig",
    "accounts.apps.AccountsConfig",
    "oversight.apps.OversightConfig",
    "antifraud.doors.apps.DoorsConfig",
]

MIDDLEWARE = [
    "antifraud.api.middleware.RequestIdMiddleware",
    "antifraud.api.signing.SignedResponseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "antifraud.api.middleware.NoStoreMiddleware",
    "antifraud.api.middleware.AppErrorMiddleware",
    "banks.middleware.UserSettingsMiddleware",
    "antifraud.navigation.LiveTicketMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "antifraud.navigation.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

REDIS_URL = env.text("REDIS_URL")

AUTH_USER_MODEL = "banks.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "antifraud.grant_backend.GrantBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "banks.adapter.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # axes counts failed log-ins in PostgreSQL; two counters would disagree
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Antifraud"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_IPWARE_PROXY_COUNT = env.integer("ANTIFRAUD_TRUSTED_PROXIES", 0)

ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # our own back end derives from it and checks expiry

OAUTH2_PROVIDER_APPLICATION_MODEL = "banks.MachineClient"
OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "SCOPES": {"exchange": "Receive and answer what is addressed to the client's institution"},
    "DEFAULT_SCOPES": ["exchange"],
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "PKCE_REQUIRED": True,
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "OAUTH2_VALIDATOR_CLASS": "banks.oauth.MachineClientValidator",
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # only the checksum of an access token is kept
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "banks.api.authentication.SignedMachineAuthentication",
        "antifraud.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["antifraud.api.permissions.DenyAll"],
    "DEFAULT_PARSER_CLASSES": ["antifraud.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "antifraud.api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "antifraud.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "antifraud.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = description.SPECTACULAR_SETTINGS

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False  # identifiers in attributes are numbers too; counts for people are grouped by `|counted`
DEFAULT_TIME_ZONE = env.text("ANTIFRAUD_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "assets" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "antifraud.staticfiles.VendorFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
EVIDENCE_ROOT = DATA_DIR / "evidence"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "antifraud.staticfiles.Storage"},
    "evidence": {"BACKEND": "antifraud.crypto.evidence.EvidenceStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "antifraud.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "antifraud.uploads.NamelessUploadHandler",
]
ANTIFRAUD_KEY_FILE = env.text("ANTIFRAUD_KEY_FILE", str(DATA_DIR / "keys.json"))

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "antifraud.api.middleware.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.words("ANTIFRAUD_ORIGINS")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # with no-referrer browsers send Origin: null and every form fails (ADR 0011)
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# The event stream runs on its own port (pure ASGI); the browser may connect to it and to nothing else.
LIVE_ORIGIN = env.text("ANTIFRAUD_LIVE_ORIGIN", "")
WEB_ORIGIN = env.text("ANTIFRAUD_WEB_ORIGIN", "")
# Signatures name whole addresses: where machines reach the interface, when a proxy answers under another name.
API_ORIGIN = env.text("ANTIFRAUD_API_ORIGIN", WEB_ORIGIN)
# Long polls that one web process lets wait at a time; of its threads (16) some must stay free for pages.
WAITING_PLACES = env.integer("ANTIFRAUD_WAITING_PLACES", 12)
PLATFORM_CODE = env.text("ANTIFRAUD_PLATFORM_CODE", "platform")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, LIVE_ORIGIN] if LIVE_ORIGIN else [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
        "worker-src": [NONE],
    }
}

# Mails hold an order's number, its term and a path; who has no mail server reads them on the console.
EMAIL_BACKEND = env.text("ANTIFRAUD_MAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.text("ANTIFRAUD_MAIL_HOST", "localhost")
EMAIL_PORT = env.integer("ANTIFRAUD_MAIL_PORT", 25)
EMAIL_HOST_USER = env.text("ANTIFRAUD_MAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("ANTIFRAUD_MAIL_PASSWORD", "")
EMAIL_USE_TLS = env.boolean("ANTIFRAUD_MAIL_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("ANTIFRAUD_MAIL_FROM", "antifraud@localhost")
DEMO = env.boolean("ANTIFRAUD_DEMO", default=False)
EGRESS_ALLOW_LOOPBACK = env.boolean("ANTIFRAUD_EGRESS_ALLOW_LOOPBACK", default=False)  # with DEMO only (E002)

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery would close the database connection around every task, which costs more than a task; `doors.tasks` looks after it.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "antifraud"
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # A ring must fail at once: without this kombu tries to connect for six seconds, in the middle of a request.
    "max_retries": 0,
}
