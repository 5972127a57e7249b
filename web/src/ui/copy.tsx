import { t } from '@lingui/core/macro';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { parseJson } from '../api/exact-json';
import { Button } from './button';
import { midSentence } from './states';

const SHOWN_MS = 1500;

export function CopyButton({ text, label, children }: { text: string; label: string; children?: string }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    await writeClipboard(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  }
  return (
    <Button
      variant={children ? 'plain' : 'ghost'}
      small
      icon={copied ? Check : Copy}
      label={children ? undefined : copied ? t`Copied` : label}
      onClick={() => void copy()}
    >
      {children && (copied ? t`Copied` : children)}
    </Button>
  );
}

/**
 * Copies text to the clipboard. `navigator.clipboard` exists in secure contexts only, and an
 * internal http address is not one, hence the fallback.
 */
export async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/**
 * An ID with a copy button. The tooltip and screen readers get it in full, even if it is cut off.
 */
export function Id({ id }: { id: string }) {
  return (
    <span className="row-nowrap id">
      <code className="truncate" title={id}>
        {id}
      </code>
      <CopyButton text={id} label={t`Copy ${id}`} />
    </span>
  );
}

/** Preformatted text that scrolls by itself, with a copy button. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} label={t`Copy ${midSentence(label)}`} />
    </div>
  );
}

/**
 * Indents JSON text without parsing it, so that numbers keep every digit. Returns text that is not
 * JSON unchanged.
 */
export function indentJson(text: string): string {
  try {
    parseJson(text);
  } catch {
    return text;
  }
  let depth = 0;
  const newLine = () => `\n${'  '.repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  return tokens
    .map((token, index) => {
      if (token === '{' || token === '[') {
        if (tokens[index + 1] === (token === '{' ? '}' : ']')) return token;
        depth += 1;
        return token + newLine();
      }
      if (token === '}' || token === ']') {
        if (['{', '['].includes(tokens[index - 1]!)) return token;
        depth -= 1;
        return newLine() + token;
      }
      if (token === ',') return token + newLine();
      return token === ':' ? ': ' : token;
    })
    .join('');
}
