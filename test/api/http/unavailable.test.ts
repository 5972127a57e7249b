import { toProblem } from '../../../src/api/http/problem-response';
import { SilenceError } from '../../../src/process/pg-clients';

it.each([
  ['GET', 'The database is unavailable. Retry the request.'],
  ['HEAD', 'The database is unavailable. Retry the request.'],
  ['POST', expect.stringContaining('may have taken effect')],
  ['DELETE', expect.stringContaining('may have taken effect')],
])('%s without an answer of Postgres: 503 that says what the caller can know', (method, detail: unknown) => {
  const { code, status, detail: said } = toProblem(new SilenceError(), { method });
  expect({ code, status, said }).toEqual({ code: 'database-unavailable', status: 503, said: detail });
});
