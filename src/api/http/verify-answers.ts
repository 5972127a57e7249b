import type { RequestHandler } from 'express';
import { z } from 'zod';
import { declaredProblems } from '../openapi/declared-problems';
import { toProblem } from './problem-response';
import type { Route } from './route';

/** For tests: a call fails if its response does not fit the declared schema of its status. */
export function verifyAnswer(route: Route, status: number, text: string): void {
  const answer = route.answers[status];
  if (!answer?.schema) throw new Error(`${route.method} ${route.path} returned ${status}, which it does not declare.`);
  const result = answer.schema.safeParse(JSON.parse(text));
  if (!result.success) throw new Error(`${route.method} ${route.path} ${status}: ${z.prettifyError(result.error)}`);
}

/** For tests: a call fails if it ends with a problem that the route does not declare. */
export function verifyingProblems(route: Route, handle: RequestHandler): RequestHandler {
  const declared = declaredProblems(route);
  return async (request, response, next) => {
    try {
      await handle(request, response, next);
    } catch (error) {
      const { code } = toProblem(error);
      if (code === 'internal-error' || declared.has(code)) throw error;
      throw new Error(`${route.method} ${route.path} returned ${code}, which it does not declare.`, { cause: error });
    }
  };
}
