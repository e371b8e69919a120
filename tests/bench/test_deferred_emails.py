"""The CPU time of deferred e-mails: the benchmark writes every row that a load has left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import wiring
from bench.cpu_meter import CpuPerRequest
from bench.deferred_emails import deferred_cpu
from bench.fixtures import SystemDatabase
from bench.system_specs import EVENT, Deployment, service_spec
from bench.systems import System, SystemKind, Workspace
from devdb.replica_set import ReplicaSet
from tests.api_client import Api


def test_deferred_rows_are_written_and_metered_per_booking(
    api: Api, services: wiring.Services, replica_set: ReplicaSet, tmp_path: Path
) -> None:
    for slot in api.slots()[:3]:
        api.book(slot)
    database = SystemDatabase(services.db)
    counted = database.count().emails
    spec = service_spec(Workspace(replica_set.uri, services.client, tmp_path), Deployment("deferred", EVENT))
    spec = replace(spec, environment={**spec.environment, "MONGODB_DATABASE": services.db.name})
    system = System(spec, database, cast("Any", None), tmp_path / "log")
    mongod = int(services.client.admin.command("serverStatus")["pid"])
    commit = replace(system, spec=replace(spec, kind=SystemKind.COMMIT))

    without = deferred_cpu(commit, mongod)
    cpu = deferred_cpu(system, mongod)

    assert without == CpuPerRequest()
    assert cpu.service
    assert cpu.mongod
    assert (counted, database.count().emails, services.db.letters.count_documents({})) == (6, 6, 6)
