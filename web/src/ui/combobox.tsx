import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
 * A text field with suggestions. The caller loads `options` for the text it gets by `onSearch`, at
 * first for the empty one when the field gets the focus.
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
  /** Text that is being typed stays when the name of the value arrives. */
  const typing = useRef(false);
  useEffect(() => void (typing.current = false), [value]);
  useEffect(() => {
    if (!typing.current) setText(valueText);
  }, [value, valueText]);
  useEffect(() => list.current?.children[active]?.scrollIntoView({ block: 'nearest' }), [active]);
  const typed = text.trim();
  const searching = open && typed !== '' && text !== valueText;
  const shownOptions = searching ? ranked(options, typed) : options;
  const unmatched = searching && !free && options.length === 0;
  const shown = open && (options.length > 0 || unmatched);
  // Enter takes an option that begins with the text. Others may be left from what was typed before.
  const matches = searching && shownOptions[0] !== undefined && rank(shownOptions[0], typed) < NO_PREFIX;
  const current = active < 0 && matches && !free ? 0 : active;

  function handleInput(next: string) {
    typing.current = true;
    setText(next);
    setOpen(true);
    setActive(-1);
    onSearch(next.trim());
    if (next === '') onChange('');
  }
  function choose(option: Option) {
    typing.current = false;
    setText(labelOf(option));
    setOpen(false);
    onChange(option.value);
  }
  function handleBlur() {
    typing.current = false;
    setOpen(false);
    const named = options.filter((option) => labelOf(option) === typed);
    // Several may have the same name. Which one is meant is then for the user to choose.
    const exact = options.find((option) => option.value === typed) ?? (named.length === 1 ? named[0] : undefined);
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
      setActive((current + step + options.length) % Math.max(1, options.length));
    } else if (event.key === 'Enter' && shown && text !== value) {
      event.preventDefault();
      const chosen = shownOptions[current] ?? (options.length === 1 ? options[0] : undefined);
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
          aria-activedescendant={shown && current >= 0 ? `${id}-${current}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={placeholder}
          disabled={disabled}
          value={text}
          onFocus={() => {
            setOpen(true);
            onSearch('');
          }}
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
          {shownOptions.map((option, index) => (
            <li
              key={option.value}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
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
          {unmatched && (
            <li className="combobox-none" role="option" aria-selected={false} aria-disabled>
              <Trans>No match for “{typed}”</Trans>
            </li>
          )}
        </ul>
        <span className="sr-only" role="status">
          {unmatched ? t`No match for ${typed}` : ''}
        </span>
      </div>
    </FieldFrame>
  );
}

/** The exact match first, then what begins with the text, then the rest as the API sorted it. */
const ranked = (options: readonly Option[], typed: string): readonly Option[] =>
  [...options].sort((one, other) => rank(one, typed) - rank(other, typed));

const NO_PREFIX = 2;
function rank(option: Option, typed: string): number {
  const sought = typed.toLowerCase();
  const texts = [option.value, labelOf(option), option.text ?? ''].map((text) => text.toLowerCase());
  if (texts.includes(sought)) return 0;
  return texts.some((text) => text.startsWith(sought)) ? 1 : NO_PREFIX;
}

const labelOf = ({ value, label }: Option) => label ?? value;
