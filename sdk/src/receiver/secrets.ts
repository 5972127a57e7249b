/**
 * The secret itself, if it is usable as a key.
 *
 * @throws TypeError if it is absent or empty, as an unset environment variable is: anybody could
 * sign with an empty key
 */
export function requireSecret(secret: string): string {
  if (typeof secret !== 'string' || secret === '')
    throw new TypeError("The secret is missing or empty; pass the subscription's secret.");
  return secret;
}
