/** A thread that fails at its first job. */
import { parentPort } from 'node:worker_threads';

parentPort.on('message', () => {
  throw new Error('ended by the test');
});
