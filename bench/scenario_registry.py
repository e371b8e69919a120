"""Scenario registry: the function of every interleaved scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.account_scenarios import read_account, refresh, register, sign_in
from bench.change_scenarios import cancel, storm
from bench.event_scenarios import (
    event_detail,
    events_list,
    on_sale_event,
    reserve_cancel,
    reserve_hot,
    reserve_spread,
)
from bench.order_scenarios import check_in, holds_hot, orders, orders_mixed
from bench.results import (
    CANCEL,
    CHECK_IN,
    DISTINCT_CLIENTS,
    EVENT_DETAIL,
    EVENT_SLOTS,
    EVENT_SLOTS_STORED,
    EVENTS_LIST,
    FLASH_SALE,
    HOLDS_HOT,
    HOT_SLOT,
    LIST_SLOTS,
    MANY_SLOTS,
    ME,
    ON_SALE_EVENT,
    ORDERS,
    ORDERS_MIXED,
    REFRESH,
    REGISTER,
    RESERVE_CANCEL,
    RESERVE_HOT,
    RESERVE_SPREAD,
    SIGN_IN,
    SOLD_OUT,
    STORM,
    SUSTAINED,
    RoundResult,
)
from bench.scenarios import ScenarioRunner
from bench.stored_scenario import event_slots_stored
from bench.sustained_scenario import sustained
from bench.systems import System

SCENARIOS: Mapping[str, Callable[[ScenarioRunner, System], RoundResult]] = {
    MANY_SLOTS: ScenarioRunner.many_slots,
    EVENT_SLOTS: ScenarioRunner.event_slots,
    DISTINCT_CLIENTS: ScenarioRunner.distinct_clients,
    HOT_SLOT: ScenarioRunner.hot_slot,
    SOLD_OUT: ScenarioRunner.sold_out,
    LIST_SLOTS: ScenarioRunner.list_slots,
    FLASH_SALE: ScenarioRunner.flash_sale,
    EVENT_SLOTS_STORED: event_slots_stored,
    CANCEL: cancel,
    STORM: storm,
    SUSTAINED: sustained,
    SIGN_IN: sign_in,
    REGISTER: register,
    REFRESH: refresh,
    ME: read_account,
    RESERVE_SPREAD: reserve_spread,
    RESERVE_HOT: reserve_hot,
    RESERVE_CANCEL: reserve_cancel,
    EVENTS_LIST: events_list,
    EVENT_DETAIL: event_detail,
    ON_SALE_EVENT: on_sale_event,
    ORDERS: orders,
    ORDERS_MIXED: orders_mixed,
    HOLDS_HOT: holds_hot,
    CHECK_IN: check_in,
}
