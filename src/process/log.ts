import { pino, type Logger } from 'pino';

/** Paths that are masked whatever an object that is logged holds. Nobody means to log them; this is the second lock. */
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

/** The log of the process: JSON lines on standard error, so that standard output stays for what `npm start` prints. */
export function createLog(level: string): Logger {
  return pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: REDACTED, censor: '***' } },
    pino.destination(2),
  );
}
