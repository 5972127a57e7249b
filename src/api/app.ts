import { Turns } from './limits/turns';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { z } from 'zod';
import { tenantOf } from '../domain/fairness';
import { requireFeature, type Feature } from '../domain/features';
import { notFound, Problem } from '../domain/problems';
import type { Principal } from '../domain/types';
import type { LosslessJson } from '../domain/lossless-json';
import { endsWithin } from '../process/ends-within';
import { insertAudit } from '../store/access/audit';
import type { Sealer } from '../store/db/crypto';
import type { HttpMetrics } from '../process/http-metrics';
import { NO_TRACING, type Tracing } from '../process/tracing';
import type { KnownHosts } from '../process/known-hosts';
import type { Database, Executor } from '../store/db/database';
import type { AuditTally } from './audit/audit-tally';
import type { Refusals } from './audit/refusals';
import type { Authenticator } from './auth/auth';
import { callerOf } from './auth/caller-of';
import type { Limits } from './limits/limits';
import { bodyBytesOf, type RequestBytes } from './limits/request-bytes';
import type { Quotas } from './limits/quotas';
import { actorOf, ANONYMOUS } from './http/caller';
import { idempotencyKeyOf, once, onceOutside } from './http/idempotency';
import { pagesOf, type Cursors } from './http/cursors';
import { framingFault } from './http/framing';
import { jsonBody, largeBodyOf, losslessBodyOf, readBody } from './http/json-body';
import { methodNotAllowed, routesByPath } from './http/methods';
import { parseOrThrow } from './http/parse-input';
import { bodyIdentity } from './http/parse-json';
import { refuseFaultyForm, refuseFaultyTarget } from './http/percent-encoding';
import { problemHandler, sendProblem } from './http/problem-response';
import { refuseHosts } from './http/refuse-hosts';
import { sendReply } from './http/send-reply';
import { noteRouteOf, requestLog } from './http/request-log';
import { tracedRoute } from './http/traced';
import { verifyingProblems } from './http/verify-answers';
import { acceptsIdempotencyKey, isList, rolesOf, type Context, type Reply, type Route } from './http/route';

/** A step that takes longer, as while Temporal does not respond, goes on without the caller. */
const POST_COMMIT_PATIENCE_MS = 2000;
const DEFAULT_BODY_LIMIT_BYTES = 256 * 1024;
/** Parsing and checking a body of this size takes about half a millisecond. */
const LARGE_BODY_BYTES = 16 * 1024;
/**
 * Security headers for JSON, which no browser renders. Setting them costs a tenth of helmet's
 * headers for pages.
 */
const SECURE_DATA_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};
/** Browsers use https only, for two years from each answer. */
const STRICT_TRANSPORT = 'max-age=63072000';
/** Of pages without their own: content of this origin only, no inline code, and no framing. */
const PAGE_POLICY = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
};
/**
 * Writing calls of one tenant that have a connection. If they wait for each other, as those that
 * count against a quota do, most connections are left for others.
 */
const WRITES_AT_ONCE = 2;
const MAX_WRITES_WAITING = 100;
const empty = z.strictObject({});

/** The routes and pages of an application, and what every route uses. */
export interface AppOptions {
  routes: readonly Route[];
  /** Pages and their files. Mounted after the routes, so that API calls do not search them. */
  pages?: readonly RequestHandler[];
  db: Database;
  /** Connections for GETs, so that they cannot delay other calls. */
  readDb: Executor;
  sealer: Sealer;
  cursors: Cursors;
  authenticator: Authenticator;
  limits: Limits;
  requestBytes: RequestBytes;
  quotas: Quotas;
  tally: AuditTally;
  refusals: Refusals;
  /** Whether the service serves requests for a host. */
  knownHosts: KnownHosts;
  /** Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Host` are believed. */
  trustedProxies: readonly string[];
  /** The features that the installation has. */
  features: ReadonlySet<Feature>;
  /** Whether clients reach the service over https. */
  usesHttps(): boolean;
  httpMetrics: HttpMetrics;
  /** @default off */
  tracing?: Tracing;
  log: Logger;
  /** Validates every response against its declaration. For tests. */
  verifyAnswers?: boolean;
}

/** Builds the Express application from the list of routes. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('trust proxy', [...options.trustedProxies]);
  const securePage = helmet({ contentSecurityPolicy: PAGE_POLICY, strictTransportSecurity: false });
  app.use((request, response, next) => {
    if (options.usesHttps()) response.setHeader('strict-transport-security', STRICT_TRANSPORT);
    if (!request.path.startsWith('/v1/')) return securePage(request, response, next);
    for (const name in SECURE_DATA_HEADERS) response.setHeader(name, SECURE_DATA_HEADERS[name]!);
    next();
  });
  app.use(requestLog(options.log, options.httpMetrics));
  app.use((request, response, next) => {
    const fault = framingFault(request);
    if (fault === undefined) return next();
    response.setHeader('connection', 'close');
    sendProblem(request, response, new Problem('invalid-request', fault));
  });
  app.use(refuseHosts(options.knownHosts));
  const byPath = routesByPath(options.routes);
  const paths = byPath.map(([path]) => path);
  app.use((request, _response, next) => {
    refuseFaultyTarget(request.url, paths);
    next();
  });
  const writes = new Turns(WRITES_AT_ONCE, MAX_WRITES_WAITING);
  for (const [path, routes] of byPath) {
    for (const route of routes) app[route.method](path, routeHandler(route, options, writes));
    app.all(path, methodNotAllowed(routes.map(({ method }) => method)));
  }
  for (const page of options.pages ?? []) app.use(page);
  app.use((request, response) => {
    sendProblem(
      request,
      response,
      new Problem('unknown-route', `There is no route ${request.method} ${request.path}. /docs lists all routes.`),
    );
  });
  app.use(problemHandler(options.log));
  return app;
}

function routeHandler(route: Route, options: AppOptions, writes: Turns): RequestHandler {
  const bodyLimitBytes = route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  const readJson = jsonBody(bodyLimitBytes, route.readsLarge ? LARGE_BODY_BYTES : Infinity);
  const withWrites = { ...options, writes };
  const { tracing = NO_TRACING } = options;
  const traced = tracedRoute(tracing, route);
  const noteRoute = noteRouteOf(route);
  const parseForm = express.urlencoded({
    limit: bodyLimitBytes,
    extended: false,
    verify: (_request, _response, raw) => refuseFaultyForm(raw),
  });
  const handle: RequestHandler = async (request, response) => {
    noteRoute(response);
    const startedAt = tracing.isOn ? new Date() : undefined;
    // The response is for this caller only, and may contain a secret.
    if (rolesOf(route)) response.setHeader('cache-control', 'no-store');
    const principal = await callerOf(route, options, request, response);
    const isKnown = principal !== ANONYMOUS;
    if (route.feature) requireFeature(options.features, route.feature);
    if (route.needsRecentSignIn) await options.authenticator.checkRecent(request);
    if (isKnown && !route.countsEvents) await admitRequest(options.limits, principal, response);
    // No id contains a NUL character, and Postgres rejects it in text.
    if (Object.values(request.params).some((value) => String(value).includes('\u0000'))) throw notFound('object');
    const bodyBytes = route.body ? bodyBytesOf(request.headers, bodyLimitBytes) : 0;
    if (bodyBytes > LARGE_BODY_BYTES) await options.limits.admit('largeBodies', tenantOf(principal), kib(bodyBytes));
    // The size of a response is known, and charged, afterwards.
    else if (route.method === 'get' && isKnown) await options.limits.admit('largeBodies', tenantOf(principal), 0);
    const hold = route.body && options.requestBytes.hold(principal, bodyBytes);
    try {
      const isForm = route.takesForm && request.is('application/x-www-form-urlencoded');
      await hold?.whileArriving(isForm ? readBody(parseForm, request, response) : readJson(request, response));
      const sentBytes = await traced(principal, request, response, startedAt, async (traceparent) => {
        const reply = await run(route, withWrites, principal, request, response, traceparent);
        return response.headersSent ? 0 : sendReply(route, reply, request, response, options.verifyAnswers ?? false);
      });
      if (sentBytes > LARGE_BODY_BYTES) await options.limits.charge('largeBodies', tenantOf(principal), kib(sentBytes));
    } finally {
      hold?.end();
    }
  };
  return options.verifyAnswers ? verifyingProblems(route, handle) : handle;
}

async function admitRequest(limits: Limits, { id, customerId }: Principal, response: Response): Promise<void> {
  const headers = await limits.admit('requests', id);
  if (customerId !== null) await limits.admit('customerRequests', customerId);
  response.set(headers);
}

async function run(
  route: Route,
  options: AppOptions & { writes: Turns },
  principal: Principal,
  request: Request,
  response: Response,
  traceparent: string | undefined,
): Promise<Reply> {
  const actor = () => actorOf(principal, request, response);
  const postCommitSteps: (() => void | Promise<void>)[] = [];
  // An absent body counts as empty, so that a call with only optional fields needs no body.
  const givenBody: unknown = request.body === undefined ? {} : request.body;
  const largeBody = largeBodyOf(request);
  let lossless: { body: LosslessJson | undefined } | undefined;
  const losslessBody = () => (lossless ??= { body: losslessBodyOf(request) }).body;
  const pages = isList(route) ? pagesOf(options.cursors, route.path, request.params) : undefined;
  const query = () => parseOrThrow(route.query ?? empty, request.query, 'query');
  const contextWith = (db: Executor): Context => ({
    principal,
    params: route.params ? parseOrThrow(route.params, request.params, 'path') : {},
    query: pages ? pages.opened(query() as object) : query(),
    body: route.body && !largeBody ? parseOrThrow(route.body, givenBody, '') : undefined,
    losslessBody,
    bodyIdentity: () => bodyIdentity(givenBody, losslessBody()),
    largeBody,
    headers: request.headers,
    traceparent,
    db,
    log: options.log,
    audit: (action, object, facts) => insertAudit(db, actor(), action, object, facts),
    actor,
    tally: (action, object, facts) => options.tally.note({ ...facts, actor: actor(), action, object }),
    refused: (reason, object) => options.refusals.note(reason, actor(), object),
    admit: async (limit, key, points) => void (await options.limits.admit(limit, key, points)),
    checkQuota: (quota, owner) => options.quotas.check(db, quota, owner),
    requireFeature: (feature) => requireFeature(options.features, feature),
    afterCommit: (step) => postCommitSteps.push(step),
    request,
    response,
  });
  const context = contextWith(route.method === 'get' ? options.readDb : options.db);
  await route.beforeTransaction?.(context);
  const key = acceptsIdempotencyKey(route) && !route.handlesIdempotency ? idempotencyKeyOf(context) : undefined;
  const kept = { sealer: options.sealer, holdsSecret: !route.answerIsOpen };
  const reply =
    route.method === 'get' || route.ownTransaction
      ? await (key === undefined
          ? route.handle(context)
          : onceOutside(options.db, kept, context, key, () => route.handle(context)))
      : await options.writes.take(tenantOf(principal), () =>
          options.db.transaction((executor) => {
            const inTransaction: Context = {
              ...context,
              db: executor,
              audit: (action, object, facts) => insertAudit(executor, actor(), action, object, facts),
              checkQuota: (quota, owner) => options.quotas.check(executor, quota, owner),
            };
            return key === undefined
              ? route.handle(inTransaction)
              : once(executor, kept, inTransaction, key, () => route.handle(inTransaction));
          }),
        );
  await endsWithin(runPostCommits(postCommitSteps, options.log), POST_COMMIT_PATIENCE_MS);
  return pages ? pages.sealed(reply) : reply;
}

async function runPostCommits(steps: readonly (() => void | Promise<void>)[], log: Logger): Promise<void> {
  for (const step of steps) await runPostCommit(step, log);
}

async function runPostCommit(step: () => void | Promise<void>, log: Logger): Promise<void> {
  try {
    await step();
  } catch (error) {
    log.warn({ err: error }, 'a post-commit step failed; the reconciler will retry it');
  }
}

const kib = (bytes: number) => Math.ceil(bytes / 1024);
