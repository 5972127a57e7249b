import type { AttemptDetail } from '../../api/types';

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Formats an attempt's request as a curl command. Masked headers stay masked. */
export function asCurl({ request: { method, url, headers, body } }: AttemptDetail): string {
  const lines = [`curl -i -X ${method} ${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'content-length') lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (body !== null) lines.push(`--data-binary ${quoted(body)}`);
  return lines.join(' \\\n  ');
}
