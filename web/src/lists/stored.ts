import { useState } from 'react';
import { formatJson, parseJson } from '../api/exact-json';

const keyOf = (name: string) => `signpost-${name}`;

/** A list that this browser keeps; empty if it keeps none that can be read. */
export function useStored<T>(name: string): [items: T[], store: (items: T[]) => void] {
  const [items, setItems] = useState(() => read<T>(name));
  return [
    items,
    (next) => {
      localStorage.setItem(keyOf(name), formatJson(next));
      setItems(next);
    },
  ];
}

function read<T>(name: string): T[] {
  try {
    const value = parseJson(localStorage.getItem(keyOf(name)) ?? 'null');
    return Array.isArray(value) ? (value as T[]) : [];
  } catch {
    return [];
  }
}
