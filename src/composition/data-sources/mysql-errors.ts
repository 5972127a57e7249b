import type { Reason } from './source';

/** An error that a MySQL or MariaDB returned, as opposed to one of the connection. */
export interface MysqlError extends Error {
  errno: number;
  sqlState: string;
  sqlMessage: string;
}

function isMysqlError(error: unknown): error is MysqlError {
  const { errno, sqlState } = (error ?? {}) as Partial<MysqlError>;
  return typeof errno === 'number' && typeof sqlState === 'string';
}

/** Errors of the server rather than of the query: too many connections, shutting down, killed. */
const OUTAGES = new Set([
  1037, 1038, 1040, 1041, 1053, 1077, 1079, 1135, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1461, 1927, 3169, 4031,
]);

/** Whether the server refused the query, as opposed to one that it could not serve. */
export const isQueryError = (error: unknown): error is MysqlError => isMysqlError(error) && !OUTAGES.has(error.errno);

const REASON_OF: Readonly<Record<number, Reason>> = {
  1044: 'permission',
  1054: 'column',
  1142: 'permission',
  1143: 'permission',
  1146: 'table',
  1205: 'lock',
  1213: 'lock',
  1227: 'permission',
  1290: 'write',
  1317: 'time',
  1370: 'permission',
  1792: 'write',
  1836: 'write',
  1969: 'time',
  3024: 'time',
};

export const reasonOf = ({ errno }: MysqlError) => REASON_OF[errno];

/**
 * The position that an error is about. The database gives none, but quotes the text from there on,
 * or the name, which is taken if it occurs once.
 */
export function offsetOf({ sqlMessage }: MysqlError, text: string): number | undefined {
  const rest = /near '(.*)' at line \d+$/s.exec(sqlMessage)?.[1];
  if (rest !== undefined) return text.endsWith(rest) ? text.length - rest.length : onlyIndex(text, rest);
  const name = /^(?:Unknown column|Table) '(?:[^']*\.)?([^'.]+)'/.exec(sqlMessage)?.[1];
  return name === undefined ? undefined : onlyIndex(text, name);
}

function onlyIndex(text: string, part: string): number | undefined {
  const index = text.indexOf(part);
  return index >= 0 && text.indexOf(part, index + 1) < 0 ? index : undefined;
}
