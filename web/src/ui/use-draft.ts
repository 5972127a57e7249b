import { useState } from 'react';
import { formatJson, parseJson } from '../api/exact-json';

/**
 * What a form holds, kept for this tab, so that it survives a reload. Not for secrets.
 *
 * @param key - null: keeps nothing
 * @returns the draft, a function that changes it, and one that forgets it
 */
export function useDraft<T extends object>(
  key: string | null,
  initial: T,
): [draft: T, set: (change: Partial<T>) => void, forget: () => void] {
  const item = `signpost-draft-${key}`;
  const [draft, setDraft] = useState<T>(() => {
    const stored = key === null ? null : sessionStorage.getItem(item);
    return stored === null ? initial : { ...initial, ...parseJson<Partial<T>>(stored) };
  });
  const set = (change: Partial<T>) =>
    setDraft((before) => {
      const next = { ...before, ...change };
      if (key !== null) sessionStorage.setItem(item, formatJson(next));
      return next;
    });
  return [draft, set, () => sessionStorage.removeItem(item)];
}
