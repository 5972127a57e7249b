/** Replaces a secret in everything that is shown. */
export const MASK = '***';

/** A shorter value is no secret, and masking it would make the texts around it unreadable. */
export const MIN_SECRET_LENGTH = 4;
/** Names of headers and of members of JSON. */
const SECRET_NAME = /auth|cookie|key|token|secret|pass|pwd|credential|session|jwt/i;

/**
 * Masks the values of headers that are likely secrets, so that the headers may be stored and shown.
 * Signatures are not masked, because they are of no use to anybody else.
 *
 * @param privateNames - further headers to mask
 */
export function maskHeaders(
  headers: Readonly<Record<string, string>>,
  privateNames?: ReadonlySet<string>,
): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const name in headers) masked[name] = SECRET_NAME.test(name) || privateNames?.has(name) ? MASK : headers[name]!;
  return masked;
}

/**
 * Lists the texts in a JSON value that are likely secrets, by the names of the members that hold
 * them.
 */
export function likelySecretsIn(value: unknown, isNamedSecret = false): string[] {
  if (typeof value === 'string') return isNamedSecret && value.length >= MIN_SECRET_LENGTH ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    likelySecretsIn(inner, isNamedSecret || SECRET_NAME.test(name)),
  );
}

/** Masks the values of an object's members. The names stay. */
export function maskMembers(object: object): Record<string, string> {
  return Object.fromEntries(Object.keys(object).map((name) => [name, MASK]));
}

/** Masks a secret in a text, both as it is and as escaped in JSON. */
export function maskSecret(text: string, secret: string): string {
  return text.replaceAll(secret, MASK).replaceAll(inJson(secret), MASK);
}

/** A response as it is recorded. */
interface RecordedResponse {
  headers: Readonly<Record<string, string>>;
  body: string;
  /** Whether the end of the body was not kept. */
  bodyTruncated?: boolean;
}

/** Masks secrets in a response, in every form in which it may echo them. */
export function maskResponse<T extends RecordedResponse>(response: T, secrets: readonly string[]): T {
  const forms = formsOfSecrets(secrets);
  const masked = changeTexts(response, (text) => maskForms(text, forms));
  return response.bodyTruncated ? { ...masked, body: maskCutForm(masked.body, forms) } : masked;
}

/** Changes every header and the body of a response. */
export function changeTexts<T extends RecordedResponse>(response: T, change: (text: string) => string): T {
  const headers: Record<string, string> = {};
  for (const name in response.headers) headers[name] = change(response.headers[name]!);
  return { ...response, headers, body: change(response.body) };
}

/** Masks the start of a form at the end of a text that was cut. */
function maskCutForm(text: string, forms: readonly string[]): string {
  let end = text.length;
  for (const form of forms) {
    const head = form.slice(0, MIN_SECRET_LENGTH);
    let at = text.indexOf(head, Math.max(0, text.length - form.length));
    while (at !== -1 && at < end && !form.startsWith(text.slice(at))) at = text.indexOf(head, at + 1);
    if (at !== -1 && at < end) end = at;
  }
  return end === text.length ? text : text.slice(0, end) + MASK;
}

/** Masks forms that {@link formsOfSecrets} returned. */
export function maskForms(text: string, forms: readonly string[]): string {
  let masked = text;
  for (const form of forms) masked = masked.replaceAll(form, MASK);
  return masked;
}

/**
 * Lists the texts in which a response may echo secrets: as they are, in JSON and in JSON inside
 * JSON, with everything else than ASCII escaped, percent-encoded, as HTML, and in base64 with
 * anything around them.
 *
 * @returns the longest first, because a shorter one may be part of a longer one
 */
export function formsOfSecrets(secrets: readonly string[]): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) for (const form of formsOf(secret)) forms.add(form);
  return [...forms].sort((a, b) => b.length - a.length);
}

function formsOf(secret: string): string[] {
  const escaped = inJson(secret);
  const texts = [secret, escaped, inAsciiJson(escaped, false), inAsciiJson(escaped, true)];
  // PHP escapes slashes by default.
  const inStrings = [...texts, ...texts.map((text) => text.replaceAll('/', '\\/'))];
  return [
    ...inStrings,
    ...inStrings.map(inJson),
    ...percentForms(secret),
    ...htmlForms(secret),
    ...base64Forms(secret),
  ];
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** As serializers write JSON that must be ASCII: each UTF-16 code unit as `\\uXXXX`. */
function inAsciiJson(text: string, upperCase: boolean): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => {
    const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upperCase ? hex.toUpperCase() : hex}`;
  });
}

/** By RFC 3986 and as in forms, where a space is a plus sign. */
function percentForms(secret: string): string[] {
  // A lone surrogate cannot be encoded. It is sent as a replacement character.
  const wellFormed = Buffer.from(secret, 'utf8').toString('utf8');
  const encoded = encodeURIComponent(wellFormed);
  const strict = encoded.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const forms = [encoded, strict, strict.replaceAll('%20', '+'), encodeURI(wellFormed)];
  return [...forms, ...forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()))];
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function htmlForms(secret: string): string[] {
  const named = secret.replace(/[&<>"']/g, (mark) => HTML[mark]!);
  return [named, named.replaceAll('&quot;', '&#34;'), named.replaceAll('&#39;', '&#x27;')];
}

/** A shorter part of base64 occurs in a text by chance. */
const MIN_BASE64_LENGTH = 8;

/**
 * The characters that the secret alone decides on, wherever it stands in what was encoded: its
 * first byte is the first, second or third of a group.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((before) => {
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    const standard = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(before === 0 ? 0 : before + 1, end);
    if (standard.length < MIN_BASE64_LENGTH) return [];
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_'), standard.replaceAll('/', '\\/')];
  });
}

/** Shorter values occur in a text by chance. */
const MIN_QUERY_SECRET_LENGTH = 8;

/** The values in the query of a URL that may be secrets, as they are sent and decoded. */
export function querySecrets(url: string): string[] {
  if (!url.includes('?')) return [];
  const { search, searchParams } = new URL(url);
  const sent = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [...new Set([...searchParams.values(), ...sent])].filter(({ length }) => length >= MIN_QUERY_SECRET_LENGTH);
}

/** Masks the values in the query of a URL. The names stay. */
export function maskQuery(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return url;
  const query = url
    .slice(start + 1)
    .replace(/(^|&)([^=&]*)(=?)[^&]*/g, (_, separator: string, name: string, equals: string) =>
      // A part without `=` may be a bare token.
      equals ? `${separator}${name}=${MASK}` : `${separator}${name && MASK}`,
    );
  return url.slice(0, start + 1) + query;
}
