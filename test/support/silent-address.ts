import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { end, started } from './child';

/** An address of this machine that drops connection requests, as a firewall does. */
export interface SilentAddress {
  close(): Promise<void>;
}

/**
 * Listens with a short queue, and blocks its thread so that nothing is accepted. Then it answers.
 */
const SCRIPT = `
  const [, host, port, silentMs] = process.argv;
  const answer = (socket) => socket.on('error', () => {}).end('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n');
  require('node:net').createServer(answer).listen({ host, port: Number(port), backlog: 1 }, () => {
    const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(silentMs));
    process.stdout.write('listening', wait);
  });
`;
/** More connections than the queue holds. */
const FILLERS = 16;

/** @param silentMs - after this time, connections are accepted and answered. @default never */
export async function startSilentAddress(host: string, port: number, silentMs = Infinity): Promise<SilentAddress> {
  const child = spawn(process.execPath, ['-e', SCRIPT, host, String(port), String(silentMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await started(child, (signal) => once(child.stdout, 'data', { signal }));
  const fillers = Array.from({ length: FILLERS }, () => net.connect({ host, port }).on('error', () => undefined));
  await delay(200);
  return {
    async close() {
      for (const filler of fillers) filler.destroy();
      await end(child);
    },
  };
}
