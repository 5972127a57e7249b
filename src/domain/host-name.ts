/** RFC 1035 §2.3.4: of a name without its root dot, and of a label. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
/** Letters, digits and hyphens (RFC 1123 §2.1), and the underscore, which resolvers accept. */
const LABEL = /^[a-z0-9_-]+$/;

/**
 * Checks a host of a URL as the WHATWG URL standard serializes it.
 *
 * @param host - a name without a dot at its end, or an address
 * @returns why no name server can know it, or undefined
 */
export function hostNameFault(host: string): string | undefined {
  if (host.startsWith('[')) return undefined;
  if (host.length > MAX_NAME_LENGTH) return `expected a host name of at most ${MAX_NAME_LENGTH} characters`;
  for (const label of host.split('.')) {
    if (label === '') return 'expected a host name without empty labels';
    if (label.length > MAX_LABEL_LENGTH)
      return `expected a host name with at most ${MAX_LABEL_LENGTH} characters between its dots`;
    if (!LABEL.test(label)) return 'expected a host name of letters, digits, hyphens and dots';
  }
  return undefined;
}
