"""Deferred e-mails: the CPU time in which the delivery worker writes the outbox rows that a load has left to it."""

from __future__ import annotations

import os

import wiring
from bench.cpu_meter import CpuMeter, CpuPerRequest
from bench.systems import System, SystemKind
from booking.emails import EMAILS_PER_CONFIRMATION
from core.config.settings import from_env
from notifications.delivery.dispatcher import MAX_LEASED


def deferred_cpu(system: System, mongod_pid: int) -> CpuPerRequest:
    """Write the rows as the worker does, in this process; return the CPU milliseconds per booking.

    Sending is not included. Systems that write all rows in the booking's transaction get no value.
    """
    if system.spec.kind is not SystemKind.SERVICE:
        return CpuPerRequest()
    services = wiring.build(from_env(dict(system.spec.environment)))
    meter = CpuMeter.start([os.getpid()], [mongod_pid])
    emails = 0
    for source in services.outbox.deferred:
        while written := source.write(MAX_LEASED):
            emails += written
    cpu = meter.per_request(emails // EMAILS_PER_CONFIRMATION)
    services.client.close()
    return cpu
