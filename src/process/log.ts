import { pino, type Logger } from 'pino';

/**
 * Fields masked in every logged object. No code logs them on purpose; this is a second line of
 * defence.
 */
const REDACTED = [
  'authorization',
  'headers.authorization',
  'headers["x-api-key"]',
  'secret',
  'key',
  'password',
  'data',
  'body',
].flatMap((path) => [path, `*.${path}`]);

/**
 * Postgres's pool attaches the whole client to the error of a lost connection: kilobytes of SQL.
 * The detail and context of an error of Postgres contain values of rows.
 */
function describeError(error: Error): object {
  const {
    client: _client,
    detail: _detail,
    where: _where,
    ...described
  } = pino.stdSerializers.err(error) as {
    [field: string]: unknown;
  };
  return described;
}

/**
 * The log of the process: JSON lines on standard error. Standard output is for the startup summary.
 *
 * @param fields - adds fields to each line
 */
export function createLog(level: string, fields?: () => object): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED, censor: '***' },
      serializers: { err: describeError },
      ...(fields && { mixin: fields }),
    },
    pino.destination(2),
  );
}
