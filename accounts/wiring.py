"""Object graph of accounts."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from accounts.access_tokens import AccessTokens, derive_keys
from accounts.administration import AdministerAccounts
from accounts.consistency import CountOrphans
from accounts.cookies import RefreshCookie
from accounts.deletion import AccountDeletion, DeleteAccount, Detachment, EraseAccounts
from accounts.email_queue import AccountEmailQueue
from accounts.email_verification import ResendVerification, VerifyEmail
from accounts.emails import AccountEmails
from accounts.openid.flow import CodeFlow
from accounts.openid.flow_cookie import FlowCookie
from accounts.openid.identity_store import IdentityStore
from accounts.openid.sign_in import SignInWithProvider
from accounts.openid.wiring import build_cookie, build_flow
from accounts.page_cookie import PageCookie
from accounts.page_session_store import PageSessionStore
from accounts.page_sessions import PageSessions
from accounts.password_change import ChangePassword
from accounts.password_reset import RequestPasswordReset, ResetPassword, SendPasswordResets
from accounts.passwords import HASHING_THREADS, Passwords
from accounts.refresh import RefreshSession
from accounts.registration import Register
from accounts.reset_request_store import SCHEMA as RESET_REQUESTS
from accounts.reset_request_store import ResetRequestStore
from accounts.service import Accounts
from accounts.session_store import SCHEMA as SESSIONS
from accounts.session_store import SessionStore
from accounts.sign_in import Sessions, SignIn
from accounts.store import SCHEMA as ACCOUNTS
from accounts.store import AccountStore
from accounts.token_store import SCHEMA as TOKENS
from accounts.token_store import TokenStore
from audit.service import Audit
from core.clock import Clock
from core.concurrency.native_threads import native_thread_pool
from core.config.settings import Settings
from core.mongo.client import Client, Db
from notifications.outbox.service import Outbox

SCHEMAS = (ACCOUNTS, SESSIONS, TOKENS, RESET_REQUESTS)


@dataclass(frozen=True)
class Foundation:
    """What accounts are built on."""

    settings: Settings
    client: Client
    db: Db
    clock: Clock
    outbox: Outbox
    audit: Audit
    service_name: str
    detachment: Detachment


@dataclass(frozen=True)
class AccountServices:
    """The use cases of accounts."""

    accounts: Accounts
    access_tokens: AccessTokens
    refresh_cookie: RefreshCookie
    register: Register
    sign_in: SignIn
    refresh: RefreshSession
    verify_email: VerifyEmail
    resend_verification: ResendVerification
    request_password_reset: RequestPasswordReset
    send_password_resets: SendPasswordResets
    reset_password: ResetPassword
    change_password: ChangePassword
    delete_account: DeleteAccount
    erase_accounts: EraseAccounts
    count_orphans: CountOrphans
    administer: AdministerAccounts
    page_sessions: PageSessions
    page_cookie: PageCookie
    code_flow: CodeFlow
    flow_cookie: FlowCookie
    sign_in_with_provider: SignInWithProvider


def build(base: Foundation) -> AccountServices:
    """Return the use cases of accounts."""
    settings = base.settings
    store = AccountStore(base.db)
    session_store = SessionStore(base.db)
    lifetime = timedelta(days=settings.refresh_token_days)
    access_lifetime = timedelta(seconds=settings.access_token_seconds)
    access_tokens = AccessTokens(derive_keys(settings.secret_key), settings.public_url, access_lifetime, base.clock)
    sessions = Sessions(session_store, access_tokens, lifetime, base.clock)
    passwords = Passwords(native_thread_pool(HASHING_THREADS), blocklist=settings.password_blocklist)
    emails = AccountEmails(base.service_name, settings.public_url, base.clock)
    queue = AccountEmailQueue(base.outbox, emails, TokenStore(base.db))
    requests = ResetRequestStore(base.db)
    send_resets = SendPasswordResets(requests, store, queue, base.client)
    deletion = AccountDeletion(store, session_store, queue, base.client, base.detachment)
    return AccountServices(
        accounts=Accounts(store, session_store, base.clock),
        access_tokens=access_tokens,
        refresh_cookie=_refresh_cookie(settings, lifetime),
        register=Register(store, passwords, sessions, queue, base.client),
        sign_in=SignIn(store, passwords, sessions, base.client),
        refresh=RefreshSession(store, sessions, base.audit, base.client),
        verify_email=VerifyEmail(store, queue, base.client),
        resend_verification=ResendVerification(store, queue, base.client),
        request_password_reset=RequestPasswordReset(requests, send_resets, _background()),
        send_password_resets=send_resets,
        reset_password=ResetPassword(store, session_store, passwords, queue, base.client),
        change_password=ChangePassword(store, session_store, passwords, queue, base.client),
        delete_account=DeleteAccount(deletion, passwords),
        erase_accounts=EraseAccounts(deletion, requests, base.audit),
        count_orphans=CountOrphans(session_store, queue.tokens),
        administer=AdministerAccounts(store, session_store, base.audit, base.client),
        page_sessions=PageSessions(PageSessionStore(base.db), session_store, store, lifetime, base.clock),
        page_cookie=PageCookie(lifetime, settings.public_url.startswith("https://")),
        code_flow=build_flow(settings, base.clock),
        flow_cookie=build_cookie(settings, base.clock),
        sign_in_with_provider=SignInWithProvider(store, IdentityStore(base.db), sessions, base.audit, base.client),
    )


def _refresh_cookie(settings: Settings, lifetime: timedelta) -> RefreshCookie:
    secure = settings.public_url.startswith("https://")
    return RefreshCookie(lifetime, secure, frozenset({settings.public_url, *settings.cors_origins}))


def _background() -> Executor:
    return ThreadPoolExecutor(1, thread_name_prefix="password-resets")
