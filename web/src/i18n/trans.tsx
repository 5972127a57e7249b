import { TransNoContext, type TransProps } from '@lingui/react/server';
import { i18n } from './i18n';

/** A message with markup. `Trans` of `@lingui/react/macro` becomes this one in the build. */
export function Trans({ values, ...props }: TransProps) {
  return <TransNoContext {...props} values={values && asText(values)} lingui={{ i18n }} />;
}

/** Lingui would read `<0>` in a value as markup. As an element, the value is text. */
const asText = (values: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' && value.includes('<') ? <>{value}</> : value,
    ]),
  );
