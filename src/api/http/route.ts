import type { IncomingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { AuditActor, AuditFacts } from '../../domain/audit';
import type { Feature } from '../../domain/features';
import type { AuthFailure } from '../../process/auth-metrics';
import type { ProblemCode } from '../../domain/problems';
import type { Principal, Role } from '../../domain/types';
import type { LosslessJson } from '../../domain/lossless-json';
import type { LimitName } from '../limits/limits';
import type { QuotaName, QuotaOwner } from '../limits/quotas';
import type { Executor } from '../../store/db/database';

/** The input of a handler. The call is authenticated, authorised and validated by then. */
export interface Context<Params = unknown, Query = unknown, Body = unknown> {
  principal: Principal;
  params: Params;
  query: Query;
  body: Body;
  /**
   * The body as the caller wrote it, if JavaScript would write a number in it differently:
   * `125.50`, or more digits than a double holds.
   */
  losslessBody(): LosslessJson | undefined;
  /** A hash that is the same for equal bodies, by which a repeat of a request is recognized. */
  bodyIdentity(): Buffer;
  /** A body that was not parsed because of its size (`readsLarge`); then `body` is undefined. */
  largeBody: Buffer | undefined;
  headers: IncomingHttpHeaders;
  /** Where the trace of the call continues; undefined if it has none. */
  traceparent: string | undefined;
  /** The transaction of the call. With `ownTransaction`, the pool; for a GET, the pool of reads. */
  db: Executor;
  log: Logger;
  /**
   * Writes to the audit log in the transaction of the call. The facts hold names and ids, never
   * secrets or payloads. A call that changes nothing leaves no entry.
   */
  audit(action: string, object: string, facts?: AuditFacts): Promise<void>;
  /**
   * Counts what may happen often and changes nothing in Postgres. The audit log gets at most one
   * entry a minute for equal ones, after the response.
   */
  tally(action: string, object: string, facts?: AuditFacts): void;
  /** Records that the handler refuses a credential. */
  refused(reason: AuthFailure, object: string): void;
  /** The caller, for entries of the audit log that a handler writes in a transaction of its own. */
  actor(): AuditActor;
  /**
   * Takes points from the allowance of a credential, customer, subscription or address.
   *
   * @throws Problem too-many-requests
   */
  admit(limit: LimitName, key: string, points?: number): Promise<void>;
  /**
   * Checks that the owner may get one more object, in the transaction of the call.
   *
   * @throws Problem quota-exceeded
   */
  checkQuota(quota: QuotaName, owner: QuotaOwner): Promise<void>;
  /** @throws Problem feature-disabled if the installation leaves the feature out */
  requireFeature(feature: Feature): void;
  /**
   * Runs a step after the commit and before the response. A failure is only logged: a sweep must
   * make up for it.
   */
  afterCommit(step: () => void | Promise<void>): void;
  request: Request;
  response: Response;
}

/** The output of a handler. `body` is sent as JSON; absent for 204. */
export interface Reply {
  status: number;
  body?: unknown;
}

/**
 * One call of the API. Its Express route, its validation and its OpenAPI entry follow from this
 * declaration.
 */
export interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In Express form: `/v1/products/:id`. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  /** Roles that may call it; `public` needs no credential. */
  roles: readonly Role[] | 'public';
  /** The route belongs to a feature, which the installation may leave out. */
  feature?: Feature;
  /** On a `public` route: roles whose callers get more if they send a credential in a header. */
  optionalRoles?: readonly Role[];
  params?: Params;
  query?: Query;
  body?: Body;
  /** Whether the body may also be form fields (`application/x-www-form-urlencoded`). */
  takesForm?: boolean;
  /** @default 256 KiB */
  bodyLimitBytes?: number;
  /**
   * The handler reads large bodies itself, from `largeBody`: parsing them here would keep the
   * requests of others waiting.
   */
  readsLarge?: boolean;
  /**
   * Responses by status; with a `null` schema there is no body. `lines` is the schema of a line if
   * the caller may choose `application/x-ndjson`. @default contentType `application/json`
   */
  answers: Record<number, { description: string; schema: z.ZodType | null; contentType?: string; lines?: z.ZodType }>;
  /** Problems in addition to those that any call can return. */
  problems?: readonly ProblemCode[];
  /**
   * Whether the handler counts events instead of this request against the limits of the credential.
   */
  countsEvents?: boolean;
  /** With a session, it takes a recent sign-in: the response contains a secret. */
  needsRecentSignIn?: boolean;
  /** The handler stores the answer for `Idempotency-Key` itself, in its own transaction. */
  handlesIdempotency?: boolean;
  /**
   * The answer holds no secret, so it is kept for `Idempotency-Key` as it is. By default it is
   * sealed.
   */
  answerIsOpen?: boolean;
  /**
   * The handler opens its own transactions, for example because it waits for another system. Unless
   * it handles idempotency itself, the answer for `Idempotency-Key` is stored when it has ended.
   */
  ownTransaction?: boolean;
  /**
   * Runs before the transaction of the call begins, for what waits for another process: a wait
   * inside would hold a connection and locks. What it reads may have changed by then.
   */
  beforeTransaction?(context: Context<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<void>;
  handle(context: Context<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Reply>;
}

/** The roles whose callers are identified; undefined if a route looks at no credential. */
export function rolesOf({ roles, optionalRoles }: Pick<Route, 'roles' | 'optionalRoles'>): readonly Role[] | undefined {
  return roles === 'public' ? optionalRoles : roles;
}

/** Whether a route accepts `Idempotency-Key`: every POST of a caller with a credential does. */
export function acceptsIdempotencyKey({ method, roles }: Pick<Route, 'method' | 'roles'>): boolean {
  return method === 'post' && roles !== 'public';
}

/** Whether a route continues the trace of its caller: posts of events by producers do. */
export function continuesTrace({ countsEvents }: Pick<Route, 'countsEvents'>): boolean {
  return countsEvents === true;
}

/** A route in a list of routes, where its three schemas are no longer known. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the three schemas are existential here: each handler sees its own
export type Route = RouteSpec<any, any, any>;

/** Declares a route. The handler's types are inferred from its schemas. */
export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  spec: RouteSpec<Params, Query, Body>,
): Route {
  return spec;
}

/** Whether the route is a list with pages. */
export function isList({ query }: Pick<Route, 'query'>): boolean {
  return query instanceof z.ZodObject && 'cursor' in query.shape;
}
