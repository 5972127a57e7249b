import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { ProblemCode } from '../../domain/problems';
import type { Principal, Role } from '../../domain/types';
import type { LosslessJson } from '../../domain/lossless-json';
import type { Executor } from '../../store/db/database';

/** What a handler is given: everything is authenticated, authorised and validated by then. */
export interface Context<Params = unknown, Query = unknown, Body = unknown> {
  principal: Principal;
  params: Params;
  query: Query;
  body: Body;
  /** The body as it was written, where JavaScript would write a number in it differently (`125.50`, more digits than a double holds). */
  written(): LosslessJson | undefined;
  headers: IncomingHttpHeaders;
  /** The transaction of a writing call; the pool for a reading one, and for a call with `ownTransaction`. */
  db: Executor;
  log: Logger;
  /** Notes in the audit, in the call's own transaction. The detail holds names and ids, never secrets or payloads. */
  audit(action: string, object: string, detail?: Record<string, unknown>): Promise<void>;
  /** Runs after the commit and before the answer. Its failure is logged, not answered: what it does must be healed elsewhere. */
  afterCommit(effect: () => void | Promise<void>): void;
  request: Request;
  response: Response;
}

/** What a handler answers. `body` becomes JSON; none for 204. */
export interface Reply {
  status: number;
  body?: unknown;
}

/** One call of the API: the source of its Express route, its checks and its OpenAPI entry. */
export interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In Express form: `/v1/products/:id`. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  /** Who may call; `public` needs no credential. */
  roles: readonly Role[] | 'public';
  params?: Params;
  query?: Query;
  body?: Body;
  /** Takes the body as form fields, too (`application/x-www-form-urlencoded`). */
  takesForm?: boolean;
  /** Bytes; default 256 KiB. */
  bodyLimitBytes?: number;
  /** Answers by status; a `null` schema has no body. @default contentType `application/json` */
  answers: Record<number, { description: string; schema: z.ZodType | null; contentType?: string }>;
  /** Problems beyond those that every call can give. */
  problems?: readonly ProblemCode[];
  /** A POST that creates: takes `Idempotency-Key`. */
  creates?: boolean;
  /** The handler opens its own transactions, as for a call that waits for another system; it also keeps its own idempotency. */
  ownTransaction?: boolean;
  /**
   * Runs before the transaction of the call begins, for what waits for another process: a wait inside
   * would hold a connection and locks. What it reads may have changed by then.
   */
  beforeTransaction?(context: Context<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<void>;
  handle(context: Context<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Reply>;
}

/** A route whose types are settled: what lists of routes hold. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the three schemas are existential here: each handler sees its own
export type Route = RouteSpec<any, any, any>;

/** Declares a route; the handler's types follow from its schemas. */
export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  spec: RouteSpec<Params, Query, Body>,
): Route {
  return spec;
}
