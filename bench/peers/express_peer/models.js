/** The collections and their indexes. */

import { randomInt, randomUUID } from 'node:crypto';
import mongoose from 'mongoose';

const REFERENCE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

const newId = () => randomUUID().replaceAll('-', '');

function newReference() {
  return Array.from({ length: 8 }, () => REFERENCE_ALPHABET[randomInt(REFERENCE_ALPHABET.length)]).join('');
}

const slotSchema = new mongoose.Schema(
  {
    _id: String,
    date: { type: String, required: true },
    start: { type: String, required: true },
    end: { type: String, required: true },
    label: { type: String, required: true },
    capacity: { type: Number, required: true, min: 0 },
    bookedCount: { type: Number, required: true, default: 0, min: 0 },
    closed: { type: Boolean, required: true, default: false },
  },
  { versionKey: false },
);
slotSchema.index({ date: 1, start: 1 });

const bookingSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    reference: { type: String, default: newReference },
    slotId: { type: String, required: true },
    email: { type: String, required: true },
    fullName: { type: String, required: true },
    phone: { type: String, required: true },
    country: { type: String, required: true },
    city: { type: String, default: '' },
    message: { type: String, default: '' },
    status: { type: String, enum: ['confirmed', 'cancelled'], default: 'confirmed' },
    createdAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);
bookingSchema.index(
  { email: 1, slotId: 1 },
  { unique: true, partialFilterExpression: { status: 'confirmed' } },
);

const emailSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    kind: { type: String, enum: ['office', 'guest'], required: true },
    to: { type: String, required: true },
    bookingId: { type: String, required: true },
    state: { type: String, enum: ['pending', 'sent', 'failed'], default: 'pending' },
    attempts: { type: Number, default: 0 },
    createdAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);
emailSchema.index({ state: 1, createdAt: 1 });

const tierSchema = new mongoose.Schema(
  { id: String, code: String, name: String, price: Number, capacity: Number, remaining: { type: Number, min: 0 } },
  { _id: false, id: false },
);

const eventSchema = new mongoose.Schema(
  {
    _id: String,
    title: { type: String, required: true },
    titleKey: { type: String, required: true },
    description: { type: String, default: '' },
    date: { type: Date, required: true },
    venue: { type: String, required: true },
    currency: { type: String, required: true },
    status: { type: String, enum: ['published', 'draft', 'cancelled'], default: 'published' },
    maxPerOrder: { type: Number, default: 20 },
    salesEnd: { type: Date, required: true },
    tiers: [tierSchema],
    createdAt: { type: Date, default: () => new Date() },
    updatedAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);
for (const field of ['date', 'tiers.0.price', 'titleKey']) eventSchema.index({ status: 1, [field]: 1, _id: 1 });
eventSchema.index({ 'tiers.id': 1 });

const reservationSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    eventId: { type: String, required: true },
    accountId: { type: String, required: true },
    status: { type: String, enum: ['CONFIRMED', 'CANCELLED'], default: 'CONFIRMED' },
    createdAt: { type: Date, default: () => new Date() },
    updatedAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);
reservationSchema.index(
  { eventId: 1, accountId: 1 },
  { unique: true, partialFilterExpression: { status: 'CONFIRMED' } },
);

const reservationEmailSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    kind: { type: String, enum: ['reserved', 'cancelled'], required: true },
    accountId: { type: String, required: true },
    reservationId: { type: String, required: true },
    state: { type: String, enum: ['pending', 'sent', 'failed'], default: 'pending' },
    attempts: { type: Number, default: 0 },
    createdAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);

const itemSchema = new mongoose.Schema(
  { eventId: String, tierId: String, name: String, currency: String, price: Number, quantity: Number },
  { _id: false },
);
const inTenMinutes = () => new Date(Date.now() + 600_000);

const orderSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    accountId: { type: String, required: true },
    key: { type: String, required: true },
    items: [itemSchema],
    currency: { type: String, required: true },
    total: { type: Number, required: true, min: 0 },
    state: { type: String, enum: ['held', 'paid', 'declined'], default: 'held' },
    paymentId: String,
    paidAt: Date,
    createdAt: { type: Date, default: () => new Date() },
    holdUntil: { type: Date, default: inTenMinutes },
  },
  { versionKey: false },
);
orderSchema.index({ accountId: 1, key: 1 }, { unique: true });

const holdSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    accountId: { type: String, required: true },
    items: [itemSchema],
    currency: { type: String, required: true },
    state: { type: String, enum: ['active', 'released'], default: 'active' },
    createdAt: { type: Date, default: () => new Date() },
    expiresAt: { type: Date, default: inTenMinutes },
  },
  { versionKey: false },
);
holdSchema.index({ accountId: 1 }, { unique: true, partialFilterExpression: { state: 'active' } });

const ticketSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    code: { type: String, required: true, unique: true },
    orderId: { type: String, required: true, index: true },
    eventId: { type: String, required: true },
    tierId: { type: String, required: true },
    tier: { type: String, required: true },
    holderId: { type: String, required: true },
    state: { type: String, enum: ['valid', 'checked_in'], default: 'valid' },
    checkedInAt: { type: Date, default: null },
    createdAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);

const orderEmailSchema = new mongoose.Schema(
  {
    _id: { type: String, default: newId },
    kind: { type: String, enum: ['order'], required: true },
    accountId: { type: String, required: true },
    orderId: { type: String, required: true },
    state: { type: String, enum: ['pending', 'sent', 'failed'], default: 'pending' },
    attempts: { type: Number, default: 0 },
    createdAt: { type: Date, default: () => new Date() },
  },
  { versionKey: false },
);

export const Order = mongoose.model('Order', orderSchema, 'orders');
export const Hold = mongoose.model('Hold', holdSchema, 'holds');
export const Ticket = mongoose.model('Ticket', ticketSchema, 'tickets');
export const OrderEmail = mongoose.model('OrderEmail', orderEmailSchema, 'letters');
export const Event = mongoose.model('Event', eventSchema, 'events');
export const Reservation = mongoose.model('Reservation', reservationSchema, 'reservations');
export const ReservationEmail = mongoose.model('ReservationEmail', reservationEmailSchema, 'letters');
export const Slot = mongoose.model('Slot', slotSchema, 'slots');
export const Booking = mongoose.model('Booking', bookingSchema, 'bookings');
export const Email = mongoose.model('Email', emailSchema, 'letters');

/** Connect, and create missing collections and indexes. */
export async function connect(uri, dbName) {
  await mongoose.connect(uri, { dbName });
  const models = [Slot, Booking, Email, Event, Reservation, Order, Hold, Ticket];
  await Promise.all(models.map((model) => model.init()));
}
