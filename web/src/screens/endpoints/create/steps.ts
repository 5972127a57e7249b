import { t } from '@lingui/core/macro';
import { ProblemError } from '../../../api/problem';
import { customDataOf, validationError, type Draft } from '../shared/draft';

/** The steps of the wizard, each with the API pointers of its fields. */
export const STEPS = [
  { id: 'general', title: t`General`, fields: ['/name', '/description', '/enabled', '/customerId', '/productId'] },
  { id: 'types', title: t`Event types`, fields: ['/eventTypes'] },
  {
    id: 'http',
    title: t`HTTP settings`,
    fields: [
      '/url',
      '/method',
      '/format',
      '/headers',
      '/auth',
      '/tls',
      '/secret',
      '/timeoutSeconds',
      '/retrySchedule',
      '/rateLimitPerSecond',
    ],
  },
  { id: 'channels', title: t`Channels`, fields: ['/channels'] },
  { id: 'data', title: t`Custom data`, fields: ['/customData', '/transform'] },
  { id: 'review', title: t`Review`, fields: [] },
] as const;

export type StepId = (typeof STEPS)[number]['id'];

/**
 * Returns what a step still needs, so that the user learns it there and not at the end. The API
 * checks the rest.
 */
export function missingFields(draft: Draft, step: StepId): ProblemError | undefined {
  const errors: { path: string; message: string }[] = [];
  const need = (path: string, there: unknown, message: string) => {
    if (!there) errors.push({ path, message });
  };
  if (step === 'general') {
    need('/name', draft.name.trim(), t`Enter a name.`);
    need('/customerId', draft.customerId, t`Choose a customer.`);
  }
  if (step === 'types')
    need('/eventTypes', draft.eventTypes.length, t`Choose at least one event type, or add a pattern.`);
  if (step === 'http') {
    need('/url', URL.canParse(draft.url.trim()), t`Enter the full URL, for example https://example.com/hooks.`);
    need('/secret', draft.secret === null || draft.secret, t`Enter a secret, or generate one.`);
  }
  if (step === 'data') {
    try {
      customDataOf(draft.customData);
    } catch (error) {
      return error as ProblemError;
    }
  }
  return errors.length > 0 ? validationError(...errors) : undefined;
}

/** Returns the first step that contains a field with an error. */
export function stepOf(error: unknown): StepId | undefined {
  if (!(error instanceof ProblemError)) return undefined;
  return STEPS.find(({ fields }) => fields.some((field) => error.errorsOf(field).length > 0))?.id;
}
