import { t } from '@lingui/core/macro';
import { useState } from 'react';
import { CopyButton } from './copy';

const LONG = 100;

/**
 * Text on one line, with a button that copies it, and one that shows all if it is long.
 *
 * @param copies - what the button copies
 */
export function LongText({ text, copies, label }: { text: string; copies: string; label: string }) {
  const [all, setAll] = useState(false);
  return (
    <span className={all ? 'long-text long-text-all' : 'long-text'}>
      <code title={all ? undefined : text}>{text}</code>
      <CopyButton text={copies} label={label} />
      {text.length > LONG && (
        <button type="button" className="link-button nowrap" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t`Show less` : t`Show all`}
        </button>
      )}
    </span>
  );
}
