/** A part of a document that can be written as Markdown and as HTML. */
export type Block =
  | { heading: 1 | 2 | 3; text: string }
  | { text: string }
  | { items: string[] }
  | { code: string }
  | { columns: string[]; rows: string[][] };

/** Writes the document as Markdown. */
export function toMarkdown(blocks: readonly Block[]): string {
  return `${blocks.map(markdownOf).join('\n\n')}\n`;
}

function markdownOf(block: Block): string {
  if ('heading' in block) return `${'#'.repeat(block.heading)} ${markdownText(block.text)}`;
  if ('text' in block) return markdownText(block.text);
  if ('items' in block) return block.items.map((item) => `- ${markdownText(item)}`).join('\n');
  if ('code' in block) return `${'`'.repeat(4)}\n${block.code}\n${'`'.repeat(4)}`;
  const line = (cells: string[]) => `| ${cells.map(markdownText).join(' | ')} |`;
  return [line(block.columns), line(block.columns.map(() => '---')), ...block.rows.map(line)].join('\n');
}

/** Escapes names and descriptions: user input must not become markup. */
function markdownText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*[\]|]/g, '\\$&')
    .replaceAll('<', '&lt;');
}

const STYLE = `body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 0.9rem }
th, td { border: 1px solid #c8c8c8; padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; overflow-wrap: break-word }
td a { overflow-wrap: anywhere }
pre { background: #f4f4f4; padding: 0.8rem; overflow-x: auto; white-space: pre-wrap }
h2 { margin-top: 2rem } h2, h3 { break-after: avoid } table, pre { break-inside: avoid }`;

/** Writes the document as one self-contained HTML page that prints well. */
export function toHtml(blocks: readonly Block[]): string {
  const title = blocks.find((block) => 'heading' in block)?.text ?? '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
${blocks.map(htmlOf).join('\n')}
</body>
</html>
`;
}

function htmlOf(block: Block): string {
  if ('heading' in block) return `<h${block.heading}>${escapeHtml(block.text)}</h${block.heading}>`;
  if ('text' in block) return `<p>${escapeHtml(block.text)}</p>`;
  if ('items' in block) return `<ul>${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
  if ('code' in block) return `<pre>${escapeHtml(block.code)}</pre>`;
  const line = (cells: string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cellOf(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line(block.columns, 'th')}</thead><tbody>${block.rows.map((row) => line(row, 'td')).join('')}</tbody></table>`;
}

/** Makes a cell that contains only a URL a link. */
function cellOf(text: string): string {
  const escaped = escapeHtml(text);
  return /^https?:\/\/\S+$/.test(text) ? `<a href="${escaped}">${escaped}</a>` : escaped;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
