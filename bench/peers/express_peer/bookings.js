/** The use cases: one transaction claims a place and inserts the booking and its two e-mails. */

import mongoose from 'mongoose';
import { Booking, Email, Slot } from './models.js';

const OFFICE_EMAIL = 'office@example.com';
const DUPLICATE_KEY = 11000;
const TRANSACTION = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } };

/** A refused request, with the HTTP status, code and message of its response. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** List the slots of one date, ordered by start, in the form of the API. */
export async function listSlots(date) {
  const slots = await Slot.find({ date }, { closed: 0 }).sort({ start: 1 }).lean();
  return slots.map((slot) => {
    const remaining = Math.max(slot.capacity - slot.bookedCount, 0);
    return { ...slot, remaining, isFull: remaining === 0 };
  });
}

/** Book one place in a slot and return the booking and its slot. */
export async function createBooking(newBooking) {
  const created = await inTransaction((session) => claimAndInsert(newBooking, session));
  if (!created) throw await refusal(newBooking);
  return created;
}

export async function inTransaction(work, code = 'duplicate_booking', message = 'Duplicate booking.') {
  try {
    return await mongoose.connection.withSession((session) => session.withTransaction(work, TRANSACTION));
  } catch (error) {
    if (error.code === DUPLICATE_KEY) throw new ApiError(409, code, message);
    throw error;
  }
}

// The driver may retry this function, so it creates the documents itself.
async function claimAndInsert(newBooking, session) {
  const slot = await claimPlace(newBooking, session);
  if (!slot) return null;
  const [booking] = await Booking.create([newBooking], { session });
  await Email.insertMany(emailsFor(booking), { session });
  return { booking, slot };
}

function claimPlace(newBooking, session) {
  return Slot.findOneAndUpdate(
    { _id: newBooking.slotId, date: newBooking.date, closed: false, $expr: { $lt: ['$bookedCount', '$capacity'] } },
    { $inc: { bookedCount: 1 } },
    { session },
  ).lean();
}

async function refusal(newBooking) {
  const slot = await Slot.findById(newBooking.slotId).lean();
  if (!slot) return new ApiError(404, 'slot_not_found', 'Slot not found.');
  if (slot.date !== newBooking.date) {
    return new ApiError(400, 'slot_date_mismatch', 'Slot does not match selected date.');
  }
  return new ApiError(409, 'slot_full', 'Slot is full.');
}

function emailsFor(booking) {
  return [
    { kind: 'office', to: OFFICE_EMAIL, bookingId: booking._id },
    { kind: 'guest', to: booking.email, bookingId: booking._id },
  ];
}
