import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  collect,
  deliveryChecker,
  type Answer,
  type Delivery,
  type IncomingDelivery,
  type ReceiverOptions,
} from './check.js';
import type { EnvelopePayload, TriggerClaims } from './formats.js';
import { incomingDelivery, respond } from './middleware.js';

/** The type of `data` by event type name. `signpost types generate` writes it from the catalog. */
type EventData = Record<string, object>;

/** The body of format `standard`. Its `type` determines the type of its `data`. */
export type StandardPayload<Types extends object = EventData> = {
  [Name in keyof Types & string]: {
    /** The id that the producer gave the event, or else its id in Signpost. */
    id: string;
    type: Name;
    /** When the event happened: RFC 3339, UTC. */
    timestamp: string;
    data: Types[Name];
    /** Who caused the event; absent if the producer gave none. */
    user?: Record<string, unknown>;
    /** The event's channels; absent if it has none. */
    channels?: string[];
  };
}[keyof Types & string];

/** {@link EnvelopePayload} whose `details.messageType` determines the type of its `details`. */
export type TypedEnvelopePayload<Types extends object = EventData> = {
  [Name in keyof Types & string]: Omit<EnvelopePayload, 'details'> & { details: { messageType: Name } & Types[Name] };
}[keyof Types & string];

/** {@link TriggerClaims} whose `object_class` determines the type of `data.event`. */
export type TypedTriggerClaims<Types extends object = EventData> = {
  [Name in keyof Types & string]: Omit<TriggerClaims, 'object_class' | 'data'> & {
    object_class: Name;
    data: Record<string, unknown> & { event: Types[Name] };
  };
}[keyof Types & string];

type Options<Format> = Omit<ReceiverOptions, 'format'> & { format: Format };
type Handler<Payload> = (delivery: Delivery<Payload>) => unknown;

/** The parts of Fastify that {@link Receiver.fastify} uses. */
interface FastifyLike {
  route(options: {
    method: ('GET' | 'POST' | 'PUT')[];
    url: string;
    onRequest(request: { raw: IncomingMessage }, reply: FastifyReplyLike): Promise<unknown>;
    handler(): Promise<void>;
  }): unknown;
}
interface FastifyReplyLike {
  code(status: number): unknown;
  send(body?: unknown): unknown;
}

/** A receiver in the form of each framework. All run the same checks and the same work. */
export interface Receiver {
  /**
   * A Fetch handler, for Hono, Next.js, Bun, Deno and others. Rejects if the work fails, which
   * these answer with 500.
   */
  fetch(this: void, request: Request): Promise<Response>;
  /** A handler for Express. If the work fails, it calls `next(error)`. */
  express(): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => Promise<void>;
  /**
   * A plugin for Fastify that serves a path. It reads the raw body before any parser of the
   * application. If the work fails, Fastify's error handler answers.
   */
  fastify(path: string): (instance: FastifyLike) => Promise<void>;
  /**
   * A listener for `http.createServer`. If the work fails, it answers 500.
   *
   * @param onError - called with the error; by default it becomes a warning of the process
   */
  node(onError?: (error: unknown) => void): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/**
 * Creates a receiver: it answers challenges, verifies every delivery according to the
 * subscription's format, and calls `work` with it. When `work` returns, it answers 204. Signpost
 * repeats the delivery if `work` throws.
 *
 * @typeParam Types - the type of `data` by event type name, to which payloads are narrowed. The
 * types describe what Signpost sends in this format; the body of a subscription with a transform or
 * a service definition is what that makes of it
 * @throws TypeError if a secret is missing or empty
 * @example
 * ```ts
 * const secret = process.env.WEBHOOK_SECRET;
 * const hooks = receiver<EventTypes>({ secret }, async ({ id, payload }) => {
 *   if (payload.type === 'payment.confirmed.v1') await confirm(id, payload.data.paymentId);
 * });
 * app.all('/hooks', hooks.express());
 * ```
 */
export function receiver<Types extends object = EventData>(
  options: Omit<ReceiverOptions, 'format'> & { format?: 'standard' },
  work: Handler<StandardPayload<Types>>,
): Receiver;
export function receiver<Types extends object = EventData>(
  options: Options<'envelope'>,
  work: Handler<TypedEnvelopePayload<Types>>,
): Receiver;
export function receiver<Types extends object = EventData>(
  options: Options<'trigger'>,
  work: Handler<TypedTriggerClaims<Types>>,
): Receiver;
export function receiver<Types extends object = EventData>(
  options: Options<'flat'>,
  work: Handler<Types[keyof Types & string]>,
): Receiver;
export function receiver(options: ReceiverOptions, work: Handler<never>): Receiver {
  const check = deliveryChecker(options);

  /** @returns the answer; `undefined` after the work is done */
  async function receive(request: IncomingDelivery): Promise<Answer | undefined> {
    const checked = await check(request);
    if ('answer' in checked) return checked.answer;
    if (checked.delivery.payload === undefined) return NO_PAYLOAD;
    await work(checked.delivery as Delivery<never>);
    return undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await receive(incomingDelivery(request));
    if (answer) respond(response, answer);
    else response.writeHead(204).end();
  }

  return {
    async fetch(request) {
      const { method, url, headers } = request;
      const readBody = (maxBytes: number) => collect(request.body ?? [], maxBytes);
      const answer = await receive({ method, url, headers, readBody });
      return answer ? Response.json(answer.body, { status: answer.status }) : new Response(null, { status: 204 });
    },
    express: () => (request, response, next) => serve(request, response).catch(next),
    fastify: (path) => async (instance) => {
      instance.route({
        method: ['GET', 'POST', 'PUT'],
        url: path,
        // Before parsing, because a parser would consume the raw body.
        async onRequest({ raw }, reply) {
          const answer = await receive(incomingDelivery(raw));
          reply.code(answer?.status ?? 204);
          return reply.send(answer?.body);
        },
        handler: async () => undefined,
      });
    },
    node:
      (onError = warn) =>
      async (request, response) => {
        try {
          await serve(request, response);
        } catch (error) {
          onError(error);
          if (!response.headersSent) respond(response, FAILED);
        }
      },
  };
}

/** A GET of format `standard` carries no payload, so there is nothing to narrow by type. */
const NO_PAYLOAD: Answer = {
  status: 400,
  body: { error: 'The delivery has no body. Change the method of the subscription to POST, or use signpostReceiver.' },
};
const FAILED: Answer = { status: 500, body: { error: 'The delivery could not be processed.' } };

function warn(error: unknown): void {
  // Anything can be thrown; emitWarning accepts only strings and errors.
  process.emitWarning(error instanceof Error ? error : String(error));
}
