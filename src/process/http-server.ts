import { createServer, type RequestListener, type Server } from 'node:http';
import { ConfigError, type Config } from '../config';

/**
 * Longer than the 60 s for which common load balancers keep a connection, so that it is always theirs to close: one that we close as a request is
 * under way to us is a 502 to the caller.
 */
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves HTTP.
 *
 * @throws ConfigError where the address cannot be listened on
 */
export async function listen(handler: RequestListener, { host, port }: Pick<Config, 'host' | 'port'>): Promise<Server> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(
              `SIGNPOST_PORT ${port} on ${host} is taken by another process: stop it, or set SIGNPOST_PORT to another port (0: any free one).`,
            )
          : error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
            ? new ConfigError(`Cannot listen on SIGNPOST_HOST ${host}, SIGNPOST_PORT ${port}: ${error.code}.`)
            : error,
      );
    });
    server.listen(port, host, resolve);
  });
  return server;
}

/** Answers what is under way and takes no more. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const force = setTimeout(() => server.closeAllConnections(), 5000);
  await closed;
  clearTimeout(force);
}
