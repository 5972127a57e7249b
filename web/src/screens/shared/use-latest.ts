import { useEffect, useRef, type RefObject } from 'react';

/** The latest of a value that changes with each drawing, for what is made once and called later. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}
