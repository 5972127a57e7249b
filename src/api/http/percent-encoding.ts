import { isUtf8 } from 'node:buffer';
import { percentDecoded } from '../../domain/percent-decoded';
import { Problem, type FieldError } from '../../domain/problems';
import { pointer } from './parse-input';

const MESSAGE = 'expected percent-encoded UTF-8';

/**
 * Refuses a request target that is not percent-encoded UTF-8 (RFC 3986 §2.5). Parsers replace such
 * bytes by U+FFFD, and another object or text would be meant. Node refuses raw bytes.
 *
 * @param target - path and query as they were sent
 * @param paths - of all routes, for the name of the parameter
 * @throws Problem invalid-request
 */
export function refuseFaultyTarget(target: string, paths: readonly string[]): void {
  if (!target.includes('%')) return;
  const [path, query] = split(target, '?');
  const segments = path.split('/');
  const index = segments.findIndex(isFaulty);
  const fault =
    index === -1 ? fieldFault(query, 'query') : { path: parameterOf(segments, index, paths), message: MESSAGE };
  if (fault) throw unreadable('The URL', fault);
}

/**
 * Refuses form fields that are not percent-encoded UTF-8.
 *
 * @throws Problem invalid-request
 */
export function refuseFaultyForm(raw: Buffer): void {
  if (!isUtf8(raw)) throw unreadable('The form', { path: '', message: 'expected UTF-8' });
  const fault = fieldFault(raw.toString('utf8'), '');
  if (fault) throw unreadable('The form', fault);
}

function unreadable(what: string, fault: FieldError): Problem {
  return new Problem('invalid-request', `${what} contains invalid percent-encoding.`, { errors: [fault] });
}

/** The first field of a query or form that is faulty. */
function fieldFault(text: string, where: string): FieldError | undefined {
  const part = text.split('&').find(isFaulty);
  if (part === undefined) return undefined;
  const [name] = split(part, '=');
  return { path: pointer([percentDecoded(name) ?? name], where), message: MESSAGE };
}

/** The parameter at a segment of the path: `path/id`; `path` if no route has one there. */
function parameterOf(segments: readonly string[], index: number, paths: readonly string[]): string {
  for (const path of paths) {
    const parts = path.split('/');
    const fits =
      parts.length === segments.length && parts.every((part, at) => part[0] === ':' || part === segments[at]);
    if (fits) return pointer([parts[index]!.slice(1)], 'path');
  }
  return 'path';
}

const isFaulty = (text: string) => percentDecoded(text) === undefined;

function split(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
