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
