"""Public API of a sign-in with a provider: both ends of the authorization code flow."""

from __future__ import annotations

from flask import Response, jsonify, redirect

from accounts.cookies import RefreshCookie
from accounts.limited import user_agent
from accounts.limits import SignInLimits
from accounts.openid.flow import CodeFlow
from accounts.openid.flow_cookie import FlowCookie
from accounts.openid.model import AuthorizationResponse, Flow
from accounts.openid.schemas import CallbackQuery, ProvidersSchema, StartQuery
from accounts.openid.sign_in import SignInWithProvider
from accounts.page_cookie import begin_page_session
from accounts.registration import Device
from core.web import accept_language, context
from core.web.endpoint import Blueprint, Endpoint

blueprint = Blueprint("openid", __name__, url_prefix="/api/auth", description="Sign-in with another provider")


@blueprint.get("/providers")
@Endpoint(ProvidersSchema)
def list_providers() -> Response:
    """List the names of the providers."""
    return jsonify(data=context.get_service(CodeFlow).names())


@blueprint.get("/oidc/<name>")
@Endpoint(None, status=302, query=StartQuery, error_statuses=(404,))
def begin_sign_in(name: str, return_to: str) -> Response:
    """Send the browser to the provider; it returns to the callback and then to `returnTo`, a path of this service."""
    context.get_service(SignInLimits).hit_login(context.client_address())
    flow = Flow.new(name, return_to)
    response = _redirect(context.get_service(CodeFlow).authorization_url(flow))
    context.get_service(FlowCookie).set(response, flow)
    return response


@blueprint.get("/oidc/<name>/callback")
@Endpoint(None, status=302, query=CallbackQuery, error_statuses=(403, 404, 409))
def finish_sign_in(name: str, given: AuthorizationResponse) -> Response:
    """Finish a sign-in that this browser has begun: the answer has the refresh cookie and leads to its page."""
    flow = context.get_service(FlowCookie).read()
    identity = context.get_service(CodeFlow).finish(name, flow, given)
    device = Device(user_agent(), accept_language.negotiated_language())
    result = context.get_service(SignInWithProvider).execute(identity, device)
    response = _redirect(flow.return_to if flow else "/")
    context.get_service(RefreshCookie).set(response, result.refresh_token)
    begin_page_session(response, result)
    context.get_service(FlowCookie).delete(response, name)
    return response


def _redirect(address: str) -> Response:
    return redirect(address, 302)  # type: ignore[return-value]  # a Werkzeug response is all that Flask needs
