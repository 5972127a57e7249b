import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  collect,
  deliveryChecker,
  type Answer,
  type Delivery,
  type IncomingDelivery,
  type ReceiverOptions,
} from './check.js';

/** The request with the delivery that {@link signpostReceiver} added to it. */
export type VerifiedRequest = IncomingMessage & { signpost: Delivery };

/**
 * Middleware for Express or any server based on Node's `http`. It answers challenges, reads the raw
 * body, verifies it and adds the {@link Delivery} to the request, where {@link deliveryOf} finds
 * it. Requests that cannot be verified are answered with 401 and do not reach the next handler.
 *
 * Put it before body parsers, which consume the raw body; `express.raw()` is fine.
 *
 * @throws TypeError if a secret is missing or empty
 * @example
 * ```ts
 * app.all('/hooks', signpostReceiver({ secret }), (request, response) => {
 *   const { id, payload } = deliveryOf(request);
 *   console.log(id, payload);
 *   response.sendStatus(204);
 * });
 * ```
 */
export function signpostReceiver(options: ReceiverOptions) {
  const check = deliveryChecker(options);
  return async function receive(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): Promise<void> {
    try {
      const checked = await check(incomingDelivery(request));
      if ('answer' in checked) return respond(response, checked.answer);
      (request as VerifiedRequest).signpost = checked.delivery;
    } catch (error) {
      return next(error);
    }
    next();
  };
}

/**
 * The delivery that {@link signpostReceiver} verified.
 *
 * @throws Error if the request did not pass the middleware
 */
export function deliveryOf(request: IncomingMessage): Delivery {
  const { signpost } = request as Partial<VerifiedRequest>;
  if (!signpost) throw new Error('The request was not verified. Put signpostReceiver before this handler.');
  return signpost;
}

/** What verifying needs of a request of Node's `http`. */
export function incomingDelivery(request: IncomingMessage): IncomingDelivery {
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    readBody: (maxBytes) => readBody(request, maxBytes),
  };
}

async function readBody(
  request: IncomingMessage & { rawBody?: Buffer; body?: unknown },
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (Buffer.isBuffer(request.rawBody)) return request.rawBody;
  if (Buffer.isBuffer(request.body)) return request.body;
  if (request.readableEnded)
    throw new Error('The body was already read. Put signpostReceiver before body parsers, or use express.raw().');
  return collect(request, maxBytes);
}

export function respond(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
