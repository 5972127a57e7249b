import { formatJson } from '../../api/exact-json';

/** A request as programs send it. */
export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** What each program computes itself. */
const sentHeaders = ({ headers }: HttpRequest) =>
  Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length');

/** Formats a request as a curl command. Masked headers stay masked. */
export function asCurl(request: HttpRequest): string {
  const lines = [`curl -i -X ${request.method} ${quoted(request.url)}`];
  for (const [name, value] of sentHeaders(request)) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (request.body !== null) lines.push(`--data-binary ${quoted(request.body)}`);
  return lines.join(' \\\n  ');
}

/** Formats a request as JavaScript for Node 18 and later. */
export function asFetch(request: HttpRequest): string {
  const options = {
    method: request.method,
    headers: Object.fromEntries(sentHeaders(request)),
    ...(request.body !== null && { body: request.body }),
  };
  return `const response = await fetch(${formatJson(request.url)}, ${formatJson(options, 2)});
console.log(response.status, await response.text());
`;
}

/** Formats a request as Python, for its standard library. */
export function asPython(request: HttpRequest): string {
  // JSON text is a Python string, but for the escapes of characters beyond 16 bits.
  const text = (value: string) => formatJson(value);
  const headers = sentHeaders(request)
    .map(([name, value]) => `        ${text(name)}: ${text(value)},\n`)
    .join('');
  return `import urllib.error
import urllib.request

request = urllib.request.Request(
    ${text(request.url)},
    method=${text(request.method)},
    headers={
${headers}    },
    data=${request.body === null ? 'None' : `${text(request.body)}.encode()`},
)
try:
    response = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    response = error
print(response.status, response.read().decode())
`;
}
