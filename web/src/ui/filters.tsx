import { Search } from 'lucide-react';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';

/** Filters kept in the address bar, so that a view can be bookmarked and shared. */
export function useFilters<Name extends string>(...names: Name[]) {
  const [params, setParams] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, params.get(name) ?? ''])) as Record<Name, string>;
  const set = (changes: Partial<Record<Name, string>>) => {
    // The rendered parameters may lag behind the previous change, the address bar does not.
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes) as [Name, string][]) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    // Synchronously: the changed field must show its new value before the next keystroke.
    setParams(next, { replace: true, flushSync: true });
  };
  return { values, set, active: names.some((name) => values[name] !== '') };
}

export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <div className="filters" role="search">
      {children}
    </div>
  );
}

const DEBOUNCE_MS = 250;

/** A search field that reports its text once typing pauses for `DEBOUNCE_MS`. */
export function SearchBox({
  label,
  value,
  onChange,
  placeholder,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
}) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div className="search-box">
      <Search size={16} aria-hidden />
      <input
        type="search"
        className="input"
        aria-label={label}
        placeholder={placeholder ?? label}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onChange(event.target.value.trim()), DEBOUNCE_MS);
        }}
      />
    </div>
  );
}

/** A select for one of a few values, or all of them. */
export function FilterSelect({
  label,
  value,
  onChange,
  options,
  all = 'All',
}: {
  label: string;
  value: string;
  onChange(value: string): void;
  options: readonly (string | { value: string; text: string })[];
  all?: string | null;
}) {
  const id = useId();
  return (
    <div className="filter-select">
      <label htmlFor={id}>{label}</label>
      <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {all !== null && <option value="">{all}</option>}
        {options.map((option) => {
          const { value: key, text } = typeof option === 'string' ? { value: option, text: option } : option;
          return (
            <option key={key} value={key}>
              {text}
            </option>
          );
        })}
      </select>
    </div>
  );
}
