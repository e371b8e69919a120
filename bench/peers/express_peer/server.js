/** Server start-up: one process, or WORKERS processes that share the port. */

import cluster from 'node:cluster';
import { createApp } from './app.js';
import { connect } from './models.js';

const { MONGODB_URI, MONGODB_DATABASE, PORT, WORKERS = '1' } = process.env;

function onStop(stop) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
}

async function serve() {
  await connect(MONGODB_URI, MONGODB_DATABASE);
  const server = createApp().listen(Number(PORT), '127.0.0.1');
  onStop(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

function superviseWorkers(count) {
  let stopping = false;
  for (let started = 0; started < count; started += 1) cluster.fork();
  cluster.on('exit', () => {
    if (!stopping) cluster.fork();
  });
  onStop(() => {
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  });
}

if (cluster.isPrimary && Number(WORKERS) > 1) {
  superviseWorkers(Number(WORKERS));
} else {
  await serve();
}
