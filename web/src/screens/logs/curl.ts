import type { AttemptDetail } from '../../api/types';

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** An attempt's request as a command line; what is masked stays so. */
export function asCurl({ request: { method, url, headers, body } }: AttemptDetail): string {
  const lines = [`curl -i -X ${method} ${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'content-length') lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  }
  if (body !== null) lines.push(`--data-binary ${quoted(body)}`);
  return lines.join(' \\\n  ');
}
