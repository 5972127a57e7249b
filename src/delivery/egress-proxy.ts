import type { LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import net from 'node:net';
import { errors } from 'undici';
import { TimeLimit } from '../process/time-limit';
import { ProxyError } from './errors';

/** The proxy could not reach the address; another address of the name may work. */
const TRY_NEXT_ADDRESS = [502, 503, 504];
const MAX_ADDRESSES = 8;
const DEFAULT_PORT = 80;

type Done = (error: Error | null, socket: net.Socket | null) => void;

/**
 * Opens a tunnel through a proxy (HTTP CONNECT, RFC 9110 §9.3.6) to the first address that the
 * proxy reaches. The proxy gets addresses that the guard has checked, never a name: it could
 * resolve a name to another address.
 *
 * @param proxy - an http URL, which may have a user and a password
 * @param done - called once, with a socket that leads to the address, or with an error
 * @returns a function that gives up
 */
export function connectThrough(
  proxy: URL,
  addresses: readonly LookupAddress[],
  port: number,
  timeoutMs: number,
  done: Done,
): (reason: Error) => void {
  const candidates = addresses.slice(0, MAX_ADDRESSES);
  let abortTry: () => void = () => undefined;
  let settled = false;
  const settle: Done = (error, socket) => {
    if (settled) return socket?.destroy();
    settled = true;
    deadline.clear();
    if (error) abortTry();
    done(error, socket);
  };
  const deadline = new TimeLimit(timeoutMs, () => settle(new errors.ConnectTimeoutError(), null));

  function tryNext(): void {
    const { address } = candidates.shift()!;
    const authority = `${net.isIPv6(address) ? `[${address}]` : address}:${port}`;
    const connecting = httpRequest({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: Number(proxy.port || DEFAULT_PORT),
      path: authority,
      headers: { host: authority, connection: 'keep-alive', ...authorizationOf(proxy) },
      agent: false,
    });
    abortTry = () => connecting.destroy();
    connecting.on('error', (error: NodeJS.ErrnoException) => settle(unreachable(error), null));
    connecting.on('connect', ({ statusCode = 0 }: IncomingMessage, socket: net.Socket, head: Buffer) => {
      // An error before the caller has added its own listener must not be fatal.
      socket.on('error', () => undefined);
      // A receiver says nothing before it gets a request.
      if (statusCode >= 200 && statusCode < 300 && head.length === 0) return settle(null, socket);
      socket.destroy();
      if (!settled && TRY_NEXT_ADDRESS.includes(statusCode) && candidates.length > 0) return tryNext();
      settle(new ProxyError(`the egress proxy did not connect (HTTP ${statusCode})`), null);
    });
    connecting.end();
  }

  tryNext();
  return (reason) => settle(reason, null);
}

/** The message names no host, because it may be shown to customers. */
function unreachable({ code = 'unknown' }: NodeJS.ErrnoException): ProxyError {
  return code.startsWith('HPE_')
    ? new ProxyError('the egress proxy did not return valid HTTP')
    : new ProxyError(`the egress proxy is unreachable (${code})`);
}

function authorizationOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
