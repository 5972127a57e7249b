/** Starts the service with a name server that never answers. */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { undoAtEnd } from './cleanup.mjs';
import { startService } from './signpost.mjs';

/** A loopback address of our own; name servers listen on port 53. */
const ADDRESS = '127.0.0.77';
const PORT = 53;

/** Whether this process may give another one a name server: it needs a mount namespace, and port 53. */
export function canReplaceNameServer() {
  return process.platform === 'linux' && process.getuid() === 0;
}

/** @see startService */
export async function startWithNameServer(environment, sandbox) {
  const socket = createSocket('udp4');
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(PORT, ADDRESS, resolve);
  });
  const close = undoAtEnd(async () => void socket.close());
  const resolvConf = path.join(environment.directory, 'resolv.conf');
  writeFileSync(resolvConf, `nameserver ${ADDRESS}\n`);
  // The mount is seen by the service only.
  const command = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', resolvConf];
  const service = await startService(environment, sandbox, {}, command);
  return {
    ...service,
    async stop() {
      await service.stop();
      await close();
    },
  };
}
