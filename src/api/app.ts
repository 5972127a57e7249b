import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { z } from 'zod';
import { notFound, Problem } from '../domain/problems';
import type { Principal } from '../domain/types';
import { stringifyWritten, type LosslessJson } from '../domain/lossless-json';
import { insertAudit } from '../store/access/audit';
import type { Sealer } from '../store/db/crypto';
import type { Database, Executor } from '../store/db/database';
import type { Authenticator } from './auth/auth';
import { idempotencyKeyOf, once } from './http/idempotency';
import { jsonBody, readBody, writtenBody } from './http/json-body';
import { parseOrThrow, problemHandler, sendProblem } from './http/problem-response';
import { requestLog } from './http/request-log';
import type { Context, Reply, Route } from './http/route';

const DEFAULT_BODY_LIMIT_BYTES = 256 * 1024;
/** For what no browser shows as a page; setting them costs a tenth of what the headers of a page do. */
const SECURE_DATA_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};
const ANONYMOUS: Principal = { id: 'anonymous', name: 'anonymous', role: 'viewer', productId: null, customerId: null };
const empty = z.strictObject({});

/** What every route needs of its surroundings. */
export interface AppOptions {
  routes: readonly Route[];
  /** Pages and their files, mounted behind the routes: the path of events is not looked for among them. */
  pages?: readonly RequestHandler[];
  db: Database;
  sealer: Sealer;
  authenticator: Authenticator;
  log: Logger;
  /** Holds every answer against its schema; for tests. */
  verifyAnswers?: boolean;
}

/** Builds the Express application from the list of routes. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  const securePage = helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    strictTransportSecurity: false,
  });
  app.use((request, response, next) => {
    if (!request.path.startsWith('/v1/')) return securePage(request, response, next);
    for (const name in SECURE_DATA_HEADERS) response.setHeader(name, SECURE_DATA_HEADERS[name]!);
    next();
  });
  app.use(requestLog(options.log));
  for (const route of options.routes) app[route.method](route.path, routeHandler(route, options));
  for (const [path, methods] of methodsByPath(options.routes)) {
    app.all(path, (request, response) => {
      sendProblem(request, response, methodNotAllowed(request.method, methods));
    });
  }
  for (const page of options.pages ?? []) app.use(page);
  app.use((request, response) => {
    sendProblem(
      request,
      response,
      new Problem('unknown-route', `There is no ${request.method} ${request.path}; /docs lists the routes.`),
    );
  });
  app.use(problemHandler(options.log));
  return app;
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  return methods;
}

function methodNotAllowed(method: string, allowed: string[]): Problem {
  return new Problem('method-not-allowed', `${method} is not one of ${allowed.join(', ')}.`, {
    headers: { allow: allowed.join(', ') },
  });
}

function routeHandler(route: Route, options: AppOptions): RequestHandler {
  const readJson = jsonBody(route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES);
  const parseForm = express.urlencoded({ limit: route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES, extended: false });
  return async (request, response) => {
    // What is answered is for the holder of the credential, and may hold a secret.
    if (route.roles !== 'public') response.setHeader('cache-control', 'no-store');
    const principal = route.roles === 'public' ? ANONYMOUS : await options.authenticator.authenticate(request);
    if (route.roles !== 'public' && !route.roles.includes(principal.role)) {
      throw new Problem(
        'forbidden',
        `This call is for: ${route.roles.join(', ')}. The credential is of role ${principal.role}.`,
      );
    }
    // No id holds one, and Postgres takes none.
    if (Object.values(request.params).some((value) => String(value).includes('\u0000'))) throw notFound('object');
    if (route.takesForm && request.is('application/x-www-form-urlencoded'))
      await readBody(parseForm, request, response);
    else if (route.body) await readJson(request, response);
    const reply = await run(route, options, principal, request, response);
    if (!response.headersSent) send(route, options, response, reply);
  };
}

async function run(
  route: Route,
  options: AppOptions,
  principal: Principal,
  request: Request,
  response: Response,
): Promise<Reply> {
  const effects: (() => void | Promise<void>)[] = [];
  let written: { body: LosslessJson | undefined } | undefined;
  const contextWith = (db: Executor): Context => ({
    principal,
    params: route.params ? parseOrThrow(route.params, request.params, 'path') : {},
    query: parseOrThrow(route.query ?? empty, request.query, 'query'),
    // An absent body is an empty one, so that a call whose fields are all optional needs none.
    body: route.body ? parseOrThrow(route.body, request.body === undefined ? {} : request.body, '') : undefined,
    written: () => (written ??= { body: writtenBody(request) }).body,
    headers: request.headers,
    db,
    log: options.log,
    audit: (action, object, detail) => insertAudit(db, principal, action, object, detail),
    afterCommit: (effect) => effects.push(effect),
    request,
    response,
  });
  const context = contextWith(options.db);
  await route.beforeTransaction?.(context);
  const reply =
    route.method === 'get' || route.ownTransaction
      ? await route.handle(context)
      : await options.db.transaction((executor) => {
          const inside: Context = {
            ...context,
            db: executor,
            audit: (action, object, detail) => insertAudit(executor, principal, action, object, detail),
          };
          const key = route.creates ? idempotencyKeyOf(inside) : undefined;
          return key === undefined
            ? route.handle(inside)
            : once(executor, options.sealer, inside, key, () => route.handle(inside));
        });
  for (const effect of effects) await settle(effect, options.log);
  return reply;
}

async function settle(effect: () => void | Promise<void>, log: Logger): Promise<void> {
  try {
    await effect();
  } catch (error) {
    log.warn({ err: error }, 'an effect after the commit failed; the relay will make up for it');
  }
}

function send(route: Route, options: AppOptions, response: Response, reply: Reply): void {
  response.statusCode = reply.status;
  if (reply.body === undefined) {
    response.end();
    return;
  }
  const text = stringifyWritten(reply.body);
  if (options.verifyAnswers) verifyAnswer(route, reply.status, text);
  // Express's own send would look at the text for what we know.
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(text);
}

function verifyAnswer(route: Route, status: number, text: string): void {
  const answer = route.answers[status];
  if (!answer?.schema) throw new Error(`${route.method} ${route.path} answers ${status}, which it does not declare.`);
  const result = answer.schema.safeParse(JSON.parse(text));
  if (!result.success) throw new Error(`${route.method} ${route.path} ${status}: ${z.prettifyError(result.error)}`);
}
