/** The use cases of orders: a transaction holds the tickets, the gateway is paid by HTTP, a second one confirms. */

import { randomBytes } from 'node:crypto';
import { ApiError, inTransaction } from './bookings.js';
import { Event, Hold, Order, OrderEmail, Ticket } from './models.js';

const { PAYMENT_API, PAYMENT_API_KEY } = process.env;
const PAYMENT_TIMEOUT_MS = 10_000;

/** Hold the tickets of a cart, take the money, and issue the tickets; return the order and the tickets. */
export async function buy(accountId, key, { items: lines, paymentToken }) {
  const items = await priced(lines);
  const order = new Order({ accountId, key, items, currency: items[0].currency, total: totalOf(items) });
  await inTransaction((session) => holdOrder(order.toObject(), session), 'duplicate_order', 'This key was used.');
  const paymentId = await charge(order, paymentToken);
  if (!paymentId) {
    await inTransaction((session) => decline(order, session));
    throw new ApiError(402, 'payment_declined', 'Declined.');
  }
  const tickets = ticketsOf(order);
  await inTransaction((session) => confirm(order, paymentId, tickets, session));
  return { order, tickets };
}

/** Hold the tickets of a cart instead of those that the account held before. */
export async function hold(accountId, { items: lines }) {
  const items = await priced(lines);
  const made = new Hold({ accountId, items, currency: items[0].currency });
  await inTransaction((session) => replaceHold(made.toObject(), session));
  return made;
}

/** Check a ticket in, once; return it and its event. */
export async function checkIn(code) {
  const ticket = await Ticket.findOneAndUpdate(
    { code, state: 'valid' },
    { state: 'checked_in', checkedInAt: new Date() },
    { new: true },
  ).lean();
  if (!ticket) throw new ApiError(409, 'ticket_not_valid', 'Not valid.');
  const event = await Event.findById(ticket.eventId, { title: 1 }).lean();
  return { ticket, event };
}

// The items of a cart with their prices, in the order of its lines.
async function priced(lines) {
  const ids = lines.map((line) => line.tierId);
  const events = await Event.find({ 'tiers.id': { $in: ids }, status: 'published' }).lean();
  const found = new Map(events.flatMap((event) => event.tiers.map((tier) => [tier.id, { event, tier }])));
  return lines.map(({ tierId, quantity }) => {
    if (!found.has(tierId)) throw new ApiError(404, 'tier_not_found', 'Tier not found.');
    const { event, tier } = found.get(tierId);
    const { name, price } = tier;
    return { eventId: event._id, tierId, name, currency: event.currency, price, quantity };
  });
}

async function take(items, session) {
  for (const { eventId, tierId, quantity } of items) {
    const { matchedCount } = await Event.updateOne(
      { _id: eventId, tiers: { $elemMatch: { id: tierId, remaining: { $gte: quantity } } } },
      { $inc: { 'tiers.$.remaining': -quantity } },
      { session },
    );
    if (!matchedCount) throw new ApiError(409, 'insufficient_stock', 'Not enough tickets.');
  }
}

async function giveBack(items, session) {
  for (const { eventId, tierId, quantity } of items) {
    const tier = { _id: eventId, 'tiers.id': tierId };
    await Event.updateOne(tier, { $inc: { 'tiers.$.remaining': quantity } }, { session });
  }
}

// The driver may retry these functions, so they insert new documents each time.
async function holdOrder(order, session) {
  await take(order.items, session);
  await Order.insertMany([order], { session });
}

async function confirm(order, paymentId, tickets, session) {
  const paid = { state: 'paid', paymentId, paidAt: new Date() };
  await Order.updateOne({ _id: order._id, state: 'held' }, paid, { session });
  await Ticket.insertMany(tickets, { session });
  await OrderEmail.insertMany([{ kind: 'order', orderId: order._id, accountId: order.accountId }], { session });
}

async function decline(order, session) {
  const { matchedCount } = await Order.updateOne({ _id: order._id, state: 'held' }, { state: 'declined' }, { session });
  if (matchedCount) await giveBack(order.items, session);
}

async function replaceHold(made, session) {
  const active = { accountId: made.accountId, state: 'active' };
  const before = await Hold.findOneAndUpdate(active, { state: 'released' }, { session }).lean();
  if (before) await giveBack(before.items, session);
  await take(made.items, session);
  await Hold.insertMany([made], { session });
}

// Returns the id of the payment, or nothing if it was declined.
async function charge(order, token) {
  const response = await fetch(`${PAYMENT_API}/v1/payment_intents`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${PAYMENT_API_KEY}`, 'Idempotency-Key': order._id },
    body: new URLSearchParams({
      amount: String(order.total),
      currency: order.currency.toLowerCase(),
      payment_method: token,
      confirm: 'true',
      'metadata[orderId]': order._id,
    }),
    signal: AbortSignal.timeout(PAYMENT_TIMEOUT_MS),
  });
  const payment = await response.json();
  return response.ok ? payment.id : '';
}

function ticketsOf(order) {
  return order.items.flatMap(({ eventId, tierId, name, quantity }) =>
    Array.from({ length: quantity }, () => ({
      code: randomBytes(10).toString('hex').toUpperCase(),
      orderId: order._id,
      eventId,
      tierId,
      tier: name,
      holderId: order.accountId,
    })),
  );
}

function totalOf(items) {
  return items.reduce((total, { price, quantity }) => total + price * quantity, 0);
}

/** Return a paid order in the form of the API. */
export function orderJson({ _id: id, currency, total, items, createdAt }, tickets) {
  return {
    id,
    status: 'PAID',
    currency,
    totalAmount: money(total),
    items: itemsJson(items),
    tickets: tickets.map(({ code, tier }) => ({ code, tier, status: 'valid' })),
    createdAt,
  };
}

/** Return a hold in the form of the API. */
export function holdJson({ _id: id, items, currency, expiresAt }) {
  return { id, items: itemsJson(items), totalAmount: money(totalOf(items)), currency, expiresAt };
}

/** Return a ticket that is checked in, in the form of the API. */
export function ticketJson({ code, eventId, tier, checkedInAt }, event) {
  return { code, event: { id: eventId, title: event?.title ?? '' }, tier, checkedInAt };
}

function itemsJson(items) {
  return items.map(({ eventId, tierId, name, currency, price, quantity }) => {
    return { eventId, tierId, name, currency, price: money(price), quantity };
  });
}

function money(minor) {
  return (minor / 100).toFixed(2);
}
