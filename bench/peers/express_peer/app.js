/** The web application: its endpoints, one log line per request, every error as JSON. */

import { randomUUID } from 'node:crypto';
import express from 'express';
import mongoose from 'mongoose';
import { pino } from 'pino';
import { pinoHttp } from 'pino-http';
import { ZodError, z } from 'zod';
import { ApiError, createBooking, listSlots } from './bookings.js';
import { requireAccount } from './accounts.js';
import { eventJson, findPage, reservationJson, reserve, cancelReservation, showEvent } from './events.js';
import { buy, checkIn, hold, holdJson, orderJson, ticketJson } from './orders.js';
import { EventsQuery, NewBooking, NewHold, NewOrder, ScannedCode } from './schemas.js';

export function createApp() {
  const app = express();
  app.disable('x-powered-by');
  app.use(requestLog());
  app.use(express.json());

  app.get('/api/slots', async (request, response) => {
    response.json(await listSlots(String(request.query.date ?? '')));
  });

  app.post('/api/bookings', async (request, response) => {
    const { booking, slot } = await createBooking(NewBooking.parse(request.body));
    response
      .status(201)
      .location(`/api/bookings/${booking._id}`)
      .json({ message: 'Booking created successfully.', booking: serializeBooking(booking, slot) });
  });

  app.get('/api/events', async (request, response) => {
    response.json(await findPage(EventsQuery.parse(request.query)));
  });

  app.get('/api/events/:eventId', async (request, response) => {
    response.json(eventJson(await showEvent(request.params.eventId)));
  });

  app.post('/api/events/:eventId/reserve', requireAccount, async (request, response) => {
    const { reservation, event } = await reserve(request.params.eventId, request.accountId);
    response.status(201).json(reservationJson(reservation, event));
  });

  app.delete('/api/events/:eventId/reserve', requireAccount, async (request, response) => {
    const { reservation, event } = await cancelReservation(request.params.eventId, request.accountId);
    response.json(reservationJson(reservation, event));
  });

  app.post('/api/orders', requireAccount, async (request, response) => {
    const given = NewOrder.parse(request.body);
    const { order, tickets } = await buy(request.accountId, request.get('Idempotency-Key'), given);
    response.status(201).json(orderJson(order, tickets));
  });

  app.post('/api/holds', requireAccount, async (request, response) => {
    const made = await hold(request.accountId, NewHold.parse(request.body));
    response.status(201).json(holdJson(made));
  });

  app.post('/api/admin/checkin', requireAccount, async (request, response) => {
    const { ticket, event } = await checkIn(ScannedCode.parse(request.body).code);
    response.json(ticketJson(ticket, event));
  });

  app.use((request, response) => {
    response.status(404).json({ code: 'not_found', message: 'Not found.' });
  });
  app.use(handleError);
  return app;
}

function serializeBooking(booking, slot) {
  const { _id, ...members } = booking.toObject();
  return { ...members, id: _id, date: slot.date, slot: slot.label };
}

function requestLog() {
  return pinoHttp({
    logger: pino(),
    genReqId: (request, response) => {
      const id = request.headers['x-request-id'] ?? randomUUID();
      response.setHeader('X-Request-ID', id);
      return id;
    },
    serializers: {
      req: (request) => ({ id: request.id, method: request.method, url: request.url }),
      res: (response) => ({ status: response.statusCode }),
    },
  });
}

// Express recognises an error handler by its four parameters.
function handleError(error, request, response, next) {
  if (error instanceof ApiError) {
    response.status(error.status).json({ code: error.code, message: error.message });
  } else if (error instanceof ZodError) {
    const { fieldErrors } = z.flattenError(error);
    response.status(400).json({ code: 'validation_failed', message: 'Invalid input.', errors: fieldErrors });
  } else if (error.expose) {
    response.status(error.status).json({ code: error.type, message: error.message });
  } else if (error instanceof mongoose.mongo.MongoError) {
    request.log.error(error);
    response.status(503).json({ code: 'unavailable', message: 'Try again later.' });
  } else {
    request.log.error(error);
    response.status(500).json({ code: 'internal_error', message: 'Something went wrong.' });
  }
}
