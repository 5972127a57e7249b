import { plural, t } from '@lingui/core/macro';
import { Search, SlidersHorizontal, X } from 'lucide-react';
import { Children, useEffect, useId, useRef, useState, type ClipboardEventHandler, type ReactNode } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { Button } from './button';
import { useLatest } from './use-latest';

/** Filters that change with every key, so that they make no entry in the history. */
const TYPED = new Set(['q', 'since', 'until', 'actor', 'object']);
/** What always shows, belongs to another filter, or hides no rows. */
const NOT_COUNTED = new Set(['q', 'object', 'since', 'until', 'sort']);

/**
 * Filters kept in the address bar, so that a view can be bookmarked and shared. Each change is an
 * entry in the history, so that Back takes it back.
 */
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
    setParams(next, {
      replace: Object.keys(changes).every((name) => TYPED.has(name)),
      flushSync: true,
      preventScrollReset: true,
    });
  };
  const clear = () => set(Object.fromEntries(names.map((name) => [name, ''])) as Record<Name, string>);
  const chosen = names.filter((name) => values[name] !== '');
  return {
    values,
    set,
    clear,
    active: chosen.length > 0,
    /** How many a folded {@link FilterBar} hides. */
    count: chosen.filter((name) => !NOT_COUNTED.has(name)).length,
  };
}

/**
 * A drawer whose content is named in the address bar. Back closes it, and closing it goes back.
 *
 * @param name - the parameter, for example `open`
 */
export function useDrawer(name: string) {
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  const { state, key } = useLocation() as { state: { drawer?: string } | null; key: string };
  const id = params.get(name) || null;
  const openedHere = state?.drawer === name;
  /** Going back takes a moment. A second Escape in it must not leave the screen. */
  const goingBack = useRef(false);
  useEffect(() => void (goingBack.current = false), [key]);
  const show = useLatest((next: string) => {
    const changed = new URLSearchParams(window.location.search);
    changed.set(name, next);
    setParams(changed, {
      replace: id !== null,
      state: id === null || openedHere ? { drawer: name } : null,
      // Synchronously: the next key must step on from the row that is shown by then.
      flushSync: true,
      preventScrollReset: true,
    });
  });
  return {
    id,
    /** Shows something, in place of what the drawer shows now. Stays the same function. */
    show,
    close() {
      if (goingBack.current) return;
      if (openedHere) {
        goingBack.current = true;
        return void navigate(-1);
      }
      const changed = new URLSearchParams(window.location.search);
      changed.delete(name);
      setParams(changed, { replace: true, preventScrollReset: true });
    },
  };
}

/**
 * The filters of a list.
 *
 * @param count - given if there are more than a phone has room for: it shows the first one, and a
 * button that shows the others and says how many of them are chosen
 */
export function FilterBar({ count, children }: { count?: number; children: ReactNode }) {
  const [first, ...others] = Children.toArray(children);
  return (
    <div className="filters" role="search">
      {first}
      {count === undefined ? others : <Folded count={count}>{others}</Folded>}
    </div>
  );
}

function Folded({ count, children }: { count: number; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <span className="narrow-only">
        <Button icon={SlidersHorizontal} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
          {count === 0 ? t`Filters` : plural(count, { one: '# filter', other: '# filters' })}
        </Button>
      </span>
      <div id={id} className={open ? 'filters-folded filters-open' : 'filters-folded'}>
        {children}
      </div>
    </>
  );
}

/** A filter that only a link sets, and that the user can remove. */
export function FilterChip({ text, onRemove }: { text: string; onRemove(): void }) {
  return (
    <Button small icon={X} label={t`Remove the filter: ${text}`} onClick={onRemove}>
      {text}
    </Button>
  );
}

const DEBOUNCE_MS = 250;

/** A search field that reports its text once typing pauses for `DEBOUNCE_MS`. */
export function SearchBox({
  label,
  value,
  onChange,
  placeholder,
  onPaste,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
  onPaste?: ClipboardEventHandler;
}) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // A space at the end of what is being typed is not part of the value, and stays.
  useEffect(() => setText((now) => (now.trim() === value ? now : value)), [value]);
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
        onPaste={onPaste}
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
  all = t`All`,
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
