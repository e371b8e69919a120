/** The schemas of request bodies. */

import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { z } from 'zod';

const text = (min, max) => z.string().trim().min(min).max(max);

/** The body of `POST /api/bookings`; unknown members are ignored. */
export const NewBooking = z
  .object({
    fullName: text(2, 80),
    email: z.string().trim().toLowerCase().max(254).pipe(z.email()),
    phone: text(1, 20),
    country: z.string().regex(/^[A-Z]{2}$/),
    city: text(0, 80).default(''),
    date: z.iso.date(),
    slotId: text(10, 100),
    message: text(0, 1200).default(''),
  })
  .superRefine((booking, context) => {
    const number = parsePhoneNumberFromString(booking.phone);
    if (!number?.isValid()) {
      context.addIssue({ code: 'custom', path: ['phone'], message: 'Not a valid phone number.' });
    } else if (number.country !== booking.country) {
      context.addIssue({ code: 'custom', path: ['country'], message: 'Does not match the phone number.' });
    }
  });

/** The query of `GET /api/events`. */
export const EventsQuery = z.object({
  search: z.string().default(''),
  sortBy: z.enum(['date', 'price', 'title']).default('date'),
  sortOrder: z.enum(['asc', 'desc']).default('asc'),
  page: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(50).default(10),
});

const lines = z.array(z.object({ tierId: text(1, 100), quantity: z.number().int().min(1).max(20) })).min(1).max(20);

/** The body of `POST /api/holds`. */
export const NewHold = z.object({ items: lines });

/** The body of `POST /api/orders`. */
export const NewOrder = z.object({ items: lines, paymentToken: text(1, 255) });

/** The body of `POST /api/admin/checkin`. */
export const ScannedCode = z.object({ code: text(1, 100) });
