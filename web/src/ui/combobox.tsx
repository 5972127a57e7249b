import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { FieldFrame, useField, type FieldProps } from './form';

export interface Option {
  value: string;
  /** Shown in the list and in the field instead of the value. */
  label?: string;
  /** Secondary text beside the label. */
  text?: string;
}

/**
 * A text field with suggestions. The caller loads `options` for the text it gets by `onSearch`.
 *
 * @param valueText - the text that the field shows for `value`
 * @param onChange - called with the chosen option's value; with the typed text when the field loses
 * focus, if `free`; with an empty string when the field is cleared
 */
export function Combobox({
  value,
  valueText = value,
  options,
  onSearch,
  onChange,
  free = false,
  placeholder,
  disabled,
  ...field
}: FieldProps & {
  value: string;
  valueText?: string;
  options: readonly Option[];
  onSearch(text: string): void;
  onChange(value: string): void;
  free?: boolean;
  placeholder?: string;
  disabled?: boolean;
}) {
  const { id, fieldError, control } = useField(field);
  const [text, setText] = useState(valueText);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => setText(valueText), [value, valueText]);
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: 'nearest' }), [active]);
  const shown = open && options.length > 0;

  function handleInput(next: string) {
    setText(next);
    setOpen(true);
    setActive(-1);
    onSearch(next.trim());
    if (next === '') onChange('');
  }
  function choose(option: Option) {
    setText(labelOf(option));
    setOpen(false);
    onChange(option.value);
  }
  function handleBlur() {
    setOpen(false);
    const exact = options.find((option) => labelOf(option) === text.trim());
    if (text === valueText) setText(valueText);
    else if (exact) choose(exact);
    else if (free) onChange(text.trim());
    else setText(valueText);
    onSearch('');
  }
  function handleKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setOpen(true);
      setActive((active + step + options.length) % Math.max(1, options.length));
    } else if (event.key === 'Enter' && shown && text !== value) {
      event.preventDefault();
      const chosen = options[active] ?? (options.length === 1 ? options[0] : undefined);
      if (chosen) choose(chosen);
    } else if (event.key === 'Escape' && shown) {
      event.stopPropagation();
      setOpen(false);
    }
  }
  return (
    <FieldFrame {...field} id={id} fieldError={fieldError}>
      <div className="combobox">
        <input
          {...control}
          className="input"
          role="combobox"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown && active >= 0 ? `${id}-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          disabled={disabled}
          value={text}
          onFocus={() => setOpen(true)}
          onClick={() => setOpen(true)}
          onChange={(event) => handleInput(event.target.value)}
          onKeyDown={handleKeyDown}
          onBlur={handleBlur}
        />
        <ul
          ref={list}
          id={`${id}-list`}
          role="listbox"
          aria-label={field.label}
          className="combobox-list"
          hidden={!shown}
        >
          {options.map((option, index) => (
            <li
              key={option.value}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              // On pointer down: the blur that follows would close the list before a click arrives.
              onPointerDown={(event) => {
                event.preventDefault();
                choose(option);
              }}
            >
              <span className="truncate">{labelOf(option)}</span>
              {option.text && <span className="muted truncate">{option.text}</span>}
            </li>
          ))}
        </ul>
      </div>
    </FieldFrame>
  );
}

const labelOf = ({ value, label }: Option) => label ?? value;
