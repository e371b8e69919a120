"""Aggregation that counts the documents of a collection whose account does not exist."""

from __future__ import annotations

from pymongo.collection import Collection

from core.mongo.client import Document

ACCOUNTS = "accounts"


def count_without_account(collection: Collection[Document]) -> int:
    """Return the number of documents whose `accountId` names no account."""
    stages: list[Document] = [
        {"$lookup": {"from": ACCOUNTS, "localField": "accountId", "foreignField": "_id", "as": "account"}},
        {"$match": {"account": []}},
        {"$count": "n"},
    ]
    found = list(collection.aggregate(stages))
    return int(found[0]["n"]) if found else 0
