"""The long scenarios: the back office with a million bookings, and the delivery of e-mails."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

from pymongo import MongoClient

from bench.admin_listing import REQUESTS, listing_latencies, listing_result
from bench.cpu_meter import CpuMeter, CpuPerRequest
from bench.export import export_rounds
from bench.load_generators import deliver_emails
from bench.machine import describe_machine
from bench.million_bookings import DATABASE, FOLDER, seed
from bench.processes import service_processes
from bench.report import Report
from bench.results import ADMIN_LISTING, EMAILS, EXPORT, SERVICE, RoundResult
from bench.system_specs import EVENT_UNLIMITED, Deployment, service_spec
from bench.systems import Workspace, start_system
from core.mongo.client import Client
from devdb.replica_set import start_replica_set


def run_long_scenarios(scenarios: Collection[str], report: Report) -> None:
    """Run those of `scenarios` that are long ones, and add their results to the report."""
    if {EXPORT, ADMIN_LISTING}.intersection(scenarios):
        _run_back_office(scenarios, report)
    if EMAILS in scenarios:
        report.results.append(_email_result())


def _run_back_office(scenarios: Collection[str], report: Report) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        mongod = stack.enter_context(start_replica_set(nodes=1, data=FOLDER))
        # Not core.mongo's client: building an index over a million rows exceeds its time-outs.
        client: Client = stack.enter_context(MongoClient(mongod.uri, tz_aware=True))
        workspace = Workspace(mongod.uri, client, folder)
        # The facts of the interleaved run, if there was one, stay.
        report.facts = {**describe_machine(workspace), **report.facts}
        seed(client[DATABASE])
        service = start_system(workspace, service_spec(workspace, Deployment("million", EVENT_UNLIMITED, workers=1)))
        stack.callback(service.stop)
        if EXPORT in scenarios:
            report.results.extend(export_rounds(service, client[DATABASE], workspace.mongod_pid))
        if ADMIN_LISTING in scenarios:
            meter = CpuMeter.start(service_processes(service.port), [workspace.mongod_pid])
            latencies = listing_latencies(service)
            report.facts["listing"] = latencies
            cpu = meter.per_request(REQUESTS * len(latencies))
            report.results.append(cpu.add_to(listing_result(latencies)))


def _email_result() -> RoundResult:
    output = deliver_emails()
    exactly_once = output["calls"] == output["distinct"] == output["emails"]
    problem = "" if exactly_once else f"not every e-mail was delivered exactly once: {output}"
    cpu = CpuPerRequest(output["cpuMs"], output["mongodCpuMs"])
    return cpu.add_to(RoundResult(EMAILS, SERVICE, float(output["perSecond"]), problem=problem))
