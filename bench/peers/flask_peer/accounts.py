"""Accounts of the Flask peer, as the documentation of its libraries suggests: Argon2, PyJWT, rotated refresh tokens."""

from __future__ import annotations

import hashlib
import os
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import Flask, Response, jsonify, request
from marshmallow import Schema, fields, validate
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

Document = dict[str, Any]
Store = Database[Document]
# The parameters of the service, so that a hash costs the same.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
SECRET = os.environ.get("JWT_SECRET", "a secret of the benchmark, 32 bytes")
ACCESS_LIFETIME = timedelta(minutes=15)
REFRESH_LIFETIME = timedelta(days=7)


class Registration(Schema):
    """The body of `POST /api/auth/register`."""

    name = fields.String(required=True, validate=validate.Length(2, 80))
    email = fields.Email(required=True)
    password = fields.String(required=True, validate=validate.Length(8, 200))


class Credentials(Schema):
    """The body of `POST /api/auth/login`."""

    email = fields.Email(required=True)
    password = fields.String(required=True)


def add_account_routes(app: Flask, database: Store) -> None:
    """Register the four endpoints."""
    _add_password_routes(app, database)
    _add_session_routes(app, database)


def _add_password_routes(app: Flask, database: Store) -> None:
    registration, credentials = Registration(), Credentials()

    @app.post("/api/auth/register")
    def register() -> tuple[Response, int]:
        """Create an account, e-mail its owner and sign in."""
        new = registration.load(request.get_json())
        user = {
            "_id": uuid.uuid4().hex,
            "email": new["email"].lower(),
            "name": new["name"],
            "password": HASHER.hash(new["password"]),
            "role": "user",
            "createdAt": datetime.now(UTC),
        }
        try:
            insert_user(database, user)
        except DuplicateKeyError:
            return jsonify(code="email_taken", message="Taken."), 409
        return signed_in(database, user), 201

    @app.post("/api/auth/login")
    def login() -> tuple[Response, int]:
        """Sign in by password."""
        given = credentials.load(request.get_json())
        user = database.users.find_one({"email": given["email"].lower()})
        if user is None or not matches(user["password"], given["password"]):
            return jsonify(code="invalid_credentials", message="Wrong."), 401
        return signed_in(database, user), 200


def _add_session_routes(app: Flask, database: Store) -> None:
    @app.post("/api/auth/refresh")
    def refresh() -> tuple[Response, int]:
        """Rotate the refresh token."""
        token = request.cookies.get("refreshToken", "")
        row = database.refresh_tokens.find_one_and_update(
            {"_id": digest(token), "used": False}, {"$set": {"used": True}}
        )
        user = database.users.find_one({"_id": row["userId"]}) if row else None
        if user is None:
            return jsonify(code="session_ended", message="Ended."), 401
        return signed_in(database, user), 200

    @app.get("/api/auth/me")
    def me() -> tuple[Response, int]:
        """Show the signed-in account."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            return jsonify(code="not_signed_in", message="Sign in."), 401
        user = database.users.find_one({"_id": claims["sub"]})
        if user is None:
            return jsonify(code="not_signed_in", message="Sign in."), 401
        return jsonify(user=user_json(user)), 200


def create_account_indexes(client: MongoClient[Document], name: str) -> None:
    """Create the indexes of accounts, if they are missing."""
    client[name].users.create_index("email", unique=True)
    client[name].refresh_tokens.create_index("expiresAt", expireAfterSeconds=0)


def insert_user(database: Store, user: Document) -> None:
    """Insert a user and its e-mail in one transaction."""

    def in_transaction(session: Any) -> None:
        database.users.insert_one(user, session=session)
        letter = {"_id": uuid.uuid4().hex, "kind": "verify", "to": user["email"], "state": "pending"}
        database.letters.insert_one({**letter, "createdAt": user["createdAt"]}, session=session)

    with database.client.start_session() as session:
        session.with_transaction(in_transaction)


def signed_in(database: Store, user: Document) -> Response:
    """Return the response with new tokens."""
    now = datetime.now(UTC)
    claims = {"sub": user["_id"], "iat": now, "exp": now + ACCESS_LIFETIME}
    token = secrets.token_urlsafe(32)
    row = {"_id": digest(token), "userId": user["_id"], "used": False, "expiresAt": now + REFRESH_LIFETIME}
    database.refresh_tokens.insert_one(row)
    response = jsonify(user=user_json(user), accessToken=jwt.encode(claims, SECRET, algorithm="HS256"))
    response.set_cookie("refreshToken", token, path="/api/auth", httponly=True, samesite="Lax")
    return response


def matches(stored: str, password: str) -> bool:
    """Return whether `stored` is a hash of `password`."""
    try:
        return HASHER.verify(stored, password)
    except VerificationError:
        return False


def digest(token: str) -> str:
    """Return the SHA-256 digest of a refresh token."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_json(user: Document) -> Document:
    """Return a user in the form of the API."""
    return {
        "id": user["_id"],
        "email": user["email"],
        "name": user["name"],
        "role": user["role"],
        "createdAt": user["createdAt"].isoformat(),
    }
