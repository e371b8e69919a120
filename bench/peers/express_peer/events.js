/** The use cases of events: one transaction claims a ticket and inserts the reservation and its e-mail. */

import { ApiError, inTransaction } from './bookings.js';
import { Event, Reservation, ReservationEmail } from './models.js';

const SORT_FIELDS = { date: 'date', price: 'tiers.0.price', title: 'titleKey' };

/** Return a page of the published events with the total. */
export async function findPage({ search, sortBy, sortOrder, page, limit }) {
  const wanted = { status: 'published' };
  if (search) {
    const pattern = new RegExp(search.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
    wanted.$or = [{ title: pattern }, { venue: pattern }];
  }
  const direction = sortOrder === 'desc' ? -1 : 1;
  const order = { [SORT_FIELDS[sortBy]]: direction, _id: direction };
  const [events, total] = await Promise.all([
    Event.find(wanted).sort(order).skip((page - 1) * limit).limit(limit).lean(),
    Event.countDocuments(wanted),
  ]);
  return { data: events.map(eventJson), meta: { total, page, limit, totalPages: Math.ceil(total / limit) } };
}

/** Return an event that is not a draft. */
export async function showEvent(eventId) {
  const event = await Event.findOne({ _id: eventId, status: { $ne: 'draft' } }).lean();
  if (!event) throw new ApiError(404, 'event_not_found', 'Event not found.');
  return event;
}

/** Reserve one ticket of the first tier and return the reservation and its event. */
export async function reserve(eventId, accountId) {
  const work = (session) => claimAndInsert(eventId, accountId, session);
  const reserved = await inTransaction(work, 'already_booked', 'Already booked.');
  if (!reserved) throw await refusal(eventId);
  return reserved;
}

/** Cancel a reservation and return it and its event. */
export async function cancelReservation(eventId, accountId) {
  const cancelled = await inTransaction((session) => cancelAndRelease(eventId, accountId, session));
  if (!cancelled) throw new ApiError(404, 'reservation_not_found', 'Reservation not found.');
  return cancelled;
}

// The driver may retry this function, so it creates the documents itself.
async function claimAndInsert(eventId, accountId, session) {
  const event = await Event.findOneAndUpdate(
    { _id: eventId, status: 'published', salesEnd: { $gt: new Date() }, 'tiers.0.remaining': { $gt: 0 } },
    { $inc: { 'tiers.0.remaining': -1 } },
    { session },
  ).lean();
  if (!event) return null;
  const [reservation] = await Reservation.create([{ eventId, accountId }], { session });
  await ReservationEmail.insertMany([emailFor(reservation, 'reserved')], { session });
  return { reservation, event };
}

async function cancelAndRelease(eventId, accountId, session) {
  const reservation = await Reservation.findOneAndUpdate(
    { eventId, accountId, status: 'CONFIRMED' },
    { status: 'CANCELLED', updatedAt: new Date() },
    { session, new: true },
  ).lean();
  if (!reservation) return null;
  const event = await Event.findOneAndUpdate(
    { _id: eventId },
    { $inc: { 'tiers.0.remaining': 1 } },
    { session },
  ).lean();
  await ReservationEmail.insertMany([emailFor(reservation, 'cancelled')], { session });
  return { reservation, event };
}

async function refusal(eventId) {
  const event = await Event.findById(eventId).lean();
  if (!event || event.status === 'draft') return new ApiError(404, 'event_not_found', 'Event not found.');
  if (event.status === 'cancelled') return new ApiError(409, 'event_cancelled', 'This event was cancelled.');
  if (event.salesEnd <= new Date()) return new ApiError(409, 'sales_closed', 'Sales have ended.');
  return new ApiError(409, 'sold_out', 'Sold out.');
}

function emailFor(reservation, kind) {
  return { kind, accountId: reservation.accountId, reservationId: reservation._id };
}

/** Return an event in the form of the API. */
export function eventJson({ _id, titleKey, tiers, ...members }) {
  return {
    ...members,
    id: _id,
    price: money(tiers[0].price),
    totalTickets: tiers.reduce((sum, tier) => sum + tier.capacity, 0),
    remainingTickets: tiers.reduce((sum, tier) => sum + tier.remaining, 0),
    tiers: tiers.map((tier) => ({ ...tier, price: money(tier.price) })),
  };
}

/** Return a reservation in the form of the API. */
export function reservationJson(reservation, event) {
  const { _id: id, accountId: userId, eventId, status, createdAt } = reservation;
  return { id, userId, eventId, status, createdAt, event: eventJson(event) };
}

function money(minor) {
  return (minor / 100).toFixed(2);
}
