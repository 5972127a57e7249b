import type { IncomingMessage } from 'node:http';

/**
 * Faults of a request that Node does not refuse. A proxy in front may understand such a request
 * differently than we do.
 *
 * @returns what to send instead, or undefined if there is none
 */
export function framingFault({ rawHeaders, headers, httpVersion }: IncomingMessage): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'Send HTTP/1.1.';
  // RFC 9112 §3.2
  const hosts = countOf('host', rawHeaders);
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) return 'Send one Host header.';
  // RFC 9112 §6.1: Node would take a body with another coding for chunked only.
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return 'Send the body without transfer coding, or with chunked alone.';
  return undefined;
}

function countOf(name: string, rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index]!;
    if (given.length === name.length && given.toLowerCase() === name) count += 1;
  }
  return count;
}
