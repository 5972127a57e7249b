import { I18n, type MessageDescriptor, type MessageOptions, type Messages } from '@lingui/core';

declare global {
  /** Set by a script before the application, for a language other than English. */
  var signpostCatalog: { locale: string; messages: Messages } | undefined;
}

/** Lingui decodes `\u0041` in the finished text, also in values. This undoes it. */
const ESCAPE = /\\(?=[ux])/g;

class PlainI18n extends I18n {
  override _(descriptor: MessageDescriptor): string;
  override _(id: string, values?: Record<string, unknown>, options?: MessageOptions): string;
  override _(given: MessageDescriptor | string, values?: Record<string, unknown>, options?: MessageOptions): string {
    if (typeof given === 'string') return super._(given, plain(values), options);
    return super._(given.values ? { ...given, values: plain(given.values) } : given);
  }
}

const plain = (values?: Record<string, unknown>) =>
  values &&
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replace(ESCAPE, '\\u005c') : value,
    ]),
  );

const { locale, messages } = globalThis.signpostCatalog ?? { locale: 'en', messages: {} };

/**
 * The texts of the page, in one language from load to reload, so that `t` works everywhere: in
 * constants of a module too. English is in the code, compiled by the build.
 */
export const i18n = new PlainI18n({ locale, messages: { [locale]: messages } });

/** The locale of dates and clocks. In English it is the British one: `28 Nov 2026, 04:40`. */
export const dateLocale = locale === 'en' ? 'en-GB' : locale;

/** Formats a number with the separators of the language: `3,800`. */
export const formatNumber = (value: number): string => i18n.number(value);
