/**
 * Follows the tickets of all events with the official Socket.IO client, and prints what it shows as lines of JSON.
 *
 *   node follow_tickets.js URL NAMESPACE CUTS
 *
 * Its transport is cut CUTS times, 20 ms after each connection. Input lines end it.
 */

import { io } from 'socket.io-client';

const [url, namespace, cuts] = process.argv.slice(2);
const shown = {};
let connections = 0;
let updates = 0;

const socket = io(url + namespace, { transports: ['websocket'], reconnectionDelay: 10, reconnectionDelayMax: 50 });

async function readEvents() {
  let after = '';
  do {
    const response = await fetch(`${url}/api/events?limit=50${after}`);
    const page = await response.json();
    for (const event of page.data) shown[event.id] = event.remainingTickets;
    after = page.next ? `&after=${page.next}` : '';
  } while (after);
}

// Updates that arrive during the read are applied after it, in their order.
let reading = Promise.resolve();

socket.on('connect', () => {
  connections += 1;
  reading = reading.then(readEvents);
  if (connections <= Number(cuts)) setTimeout(() => socket.io.engine.transport.ws.close(), 20);
});
socket.on('ticketUpdate', (update) => {
  updates += 1;
  reading = reading.then(() => {
    shown[update.eventId] = update.remainingTickets;
  });
});
setInterval(() => console.log(JSON.stringify({ shown, connections, updates })), 100);
process.stdin.on('data', () => process.exit(0));
process.stdin.on('end', () => process.exit(0));
