"""Schema of the collection `letters`: indexes and validator.

Only pending e-mails have `dueAt`; `providerId` and `batch` are absent while empty. So the indexes stay small.
"""

from __future__ import annotations

from pymongo import ASCENDING, IndexModel

from core.mongo.schema import CollectionSchema
from notifications.outbox import mapping

SCHEMA = CollectionSchema(
    name="letters",
    indexes=(
        IndexModel(
            [("dueAt", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"dueAt": {"$exists": True}},
            name="open",
        ),
        IndexModel([("state", ASCENDING), *mapping.NEWEST_FIRST], name=mapping.NEWEST),
        IndexModel([("after", ASCENDING)], partialFilterExpression={"after": {"$type": "string"}}),
        IndexModel([("providerId", ASCENDING)], partialFilterExpression={"providerId": {"$exists": True}}),
        IndexModel([("erased", ASCENDING)], partialFilterExpression={"erased": True}),
        IndexModel([("batch.key", ASCENDING)], partialFilterExpression={"batch.key": {"$exists": True}}),
    ),
    validator={"$jsonSchema": {"required": ["state", "to", "template"]}},
)
