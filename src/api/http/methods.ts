import type { RequestHandler } from 'express';
import { Problem } from '../../domain/problems';
import { sendProblem } from './problem-response';
import type { Route } from './route';

/** More than any path has. */
const MAX_SEGMENTS = 10;

/**
 * The routes of each path. Paths with a fixed segment come before those with a parameter in its
 * place: Express takes the first path that fits, and `retry` is no id. Other paths keep their
 * order.
 */
export function routesByPath(routes: readonly Route[]): [path: string, routes: Route[]][] {
  const byPath = new Map<string, Route[]>();
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  return [...byPath].sort(([one], [other]) => compare(parametersOf(one), parametersOf(other)));
}

/** Whether each segment is a parameter. Padded, so that the length of a path does not count. */
function parametersOf(path: string): string {
  const segments = path.split('/').slice(1);
  return segments
    .map((segment) => (segment.startsWith(':') ? '1' : '0'))
    .join('')
    .padEnd(MAX_SEGMENTS, '0');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Refuses what no handler of the path took. A path with GET also takes HEAD (RFC 9110 §9.1). */
export function methodNotAllowed(methods: readonly string[]): RequestHandler {
  const upper = methods.map((method) => method.toUpperCase());
  const allowed = upper.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return (request, response) => {
    const detail = `This path does not allow ${request.method}. Use ${allowed.join(' or ')}.`;
    sendProblem(
      request,
      response,
      new Problem('method-not-allowed', detail, { headers: { allow: allowed.join(', ') } }),
    );
  };
}

/** Refuses all methods but GET and HEAD, for paths of pages and files. */
export function onlyReads(): RequestHandler {
  const refuse = methodNotAllowed(['get']);
  return (request, response, next) =>
    request.method === 'GET' || request.method === 'HEAD' ? next() : void refuse(request, response, next);
}
