import { createServer, type RequestListener, type Server } from 'node:http';
import { answerClientError } from './client-errors';
import { ConfigError, type Config } from '../config';

/**
 * Longer than the 60 s of common load balancers, so that they always close first. If we closed a
 * connection while a request was on its way, the caller would get a 502.
 */
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take to send the headers of a request, and all of it with its body. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** How often Node looks for requests that take longer. */
const CHECK_INTERVAL_MS = 5000;

/**
 * Starts an HTTP server.
 *
 * @param setting - the setting that gives the port
 * @throws ConfigError if it cannot listen on the host and port
 */
export async function listen(
  handler: RequestListener,
  { host, port }: Pick<Config, 'host' | 'port'>,
  setting: 'SIGNPOST_PORT' | 'SIGNPOST_METRICS_PORT' = 'SIGNPOST_PORT',
): Promise<Server> {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      // The handler refuses it, with a body.
      requireHostHeader: false,
    },
    handler,
  );
  server.on('clientError', answerClientError);
  // An expectation that nobody knows is no reason to refuse a request (RFC 9110 §10.1.1).
  server.on('checkExpectation', handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigError(
              `${setting} ${port} on ${host} is in use by another process: stop it, or set ${setting} to another port (0: any free one).`,
            )
          : error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
            ? new ConfigError(`Cannot listen on SIGNPOST_HOST ${host}, ${setting} ${port}: ${error.code}.`)
            : error,
      );
    });
    server.listen(port, host, resolve);
  });
  return server;
}
