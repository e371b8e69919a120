/** The rules: a place is claimed, the booking and its two letters recorded, all or nothing. */

import mongoose from 'mongoose';
import { Booking, Letter, Slot } from './models.js';

const OFFICE_EMAIL = 'office@example.com';
const DUPLICATE_KEY = 11000;
const TRANSACTION = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } };

/** A request that is understood and refused; `status` is the HTTP status to answer with. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The slots of one date, ordered by start, as the clients see them. */
export async function slotsOf(date) {
  const slots = await Slot.find({ date }, { closed: 0 }).sort({ start: 1 }).lean();
  return slots.map((slot) => {
    const remaining = Math.max(slot.capacity - slot.bookedCount, 0);
    return { ...slot, remaining, isFull: remaining === 0 };
  });
}

/** Book one place in a slot; returns the booking and its slot. */
export async function book(wanted) {
  const made = await inTransaction((session) => claimAndRecord(wanted, session));
  if (!made) throw await whyNot(wanted);
  return made;
}

async function inTransaction(work) {
  try {
    return await mongoose.connection.withSession((session) => session.withTransaction(work, TRANSACTION));
  } catch (error) {
    if (error.code === DUPLICATE_KEY) throw new Refused(409, 'duplicate_booking', 'Duplicate booking.');
    throw error;
  }
}

// May run several times for one booking, so the documents are made anew in it.
async function claimAndRecord(wanted, session) {
  const slot = await claimPlace(wanted, session);
  if (!slot) return null;
  const [booking] = await Booking.create([wanted], { session });
  await Letter.insertMany(lettersFor(booking), { session });
  return { booking, slot };
}

function claimPlace(wanted, session) {
  return Slot.findOneAndUpdate(
    { _id: wanted.slotId, date: wanted.date, closed: false, $expr: { $lt: ['$bookedCount', '$capacity'] } },
    { $inc: { bookedCount: 1 } },
    { session },
  ).lean();
}

async function whyNot(wanted) {
  const slot = await Slot.findById(wanted.slotId).lean();
  if (!slot) return new Refused(404, 'slot_not_found', 'Slot not found.');
  if (slot.date !== wanted.date) {
    return new Refused(400, 'slot_date_mismatch', 'Slot does not match selected date.');
  }
  return new Refused(409, 'slot_full', 'Slot is full.');
}

function lettersFor(booking) {
  return [
    { kind: 'office', to: OFFICE_EMAIL, bookingId: booking._id },
    { kind: 'guest', to: booking.email, bookingId: booking._id },
  ];
}
