import { t } from '@lingui/core/macro';
import { formatJson, parseJson } from '../../../api/exact-json';
import { ProblemError } from '../../../api/problem';
import type { Format, Method, Subscription } from '../../../api/types';
import { authDraftFrom, authOf, tlsDraftFrom, tlsOf, type AuthDraft, type TlsDraft } from './access-draft';

/** An endpoint as it is in the form: numbers and JSON as typed, headers as rows. */
export interface Draft {
  name: string;
  description: string;
  enabled: boolean;
  customerId: string;
  /** Empty: all products. */
  productId: string;
  eventTypes: string[];
  url: string;
  method: Method;
  format: Format;
  headers: { name: string; value: string }[];
  auth: AuthDraft;
  tls: TlsDraft;
  /** Null: generated. */
  secret: string | null;
  timeoutSeconds: string;
  /** Delays in seconds; null: the customer's default. */
  retrySchedule: number[] | null;
  rateLimitPerSecond: string;
  channels: string[];
  customData: string;
  transform: string;
}

/** Props of the form's sections. */
export interface DraftProps {
  draft: Draft;
  set(change: Partial<Draft>): void;
  /** The endpoint being edited; absent for a new one. */
  existing?: Subscription;
}

export function emptyDraft(customerId: string, productId: string): Draft {
  return {
    name: '',
    description: '',
    enabled: true,
    customerId,
    productId,
    eventTypes: [],
    url: '',
    method: 'POST',
    format: 'standard',
    headers: [],
    auth: authDraftFrom({ type: 'none' }),
    tls: tlsDraftFrom(null),
    secret: null,
    timeoutSeconds: '15',
    retrySchedule: null,
    rateLimitPerSecond: '',
    channels: [],
    customData: '{}',
    transform: '',
  };
}

/** Fills the form from an existing endpoint. */
export function draftFrom(subscription: Subscription): Draft {
  return {
    ...subscription,
    productId: subscription.productId ?? '',
    headers: Object.entries(subscription.headers).map(([name, value]) => ({ name, value })),
    auth: authDraftFrom(subscription.auth),
    tls: tlsDraftFrom(subscription.tls),
    secret: null,
    timeoutSeconds: String(subscription.timeoutSeconds),
    rateLimitPerSecond: subscription.rateLimitPerSecond === null ? '' : String(subscription.rateLimitPerSecond),
    customData: formatJson(subscription.customData, 2),
    transform: subscription.transform?.expression ?? '',
  };
}

/**
 * Converts the form to the fields that can be changed later, as the API takes them.
 *
 * @throws ProblemError with the field's pointer, if a field cannot be converted
 */
export function settingsOf(draft: Draft) {
  return {
    name: draft.name.trim(),
    description: draft.description,
    url: draft.url.trim(),
    method: draft.method,
    enabled: draft.enabled,
    eventTypes: draft.eventTypes,
    channels: draft.channels,
    headers: headersOf(draft.headers),
    auth: authOf(draft.auth),
    tls: tlsOf(draft.tls),
    format: draft.format,
    customData: customDataOf(draft.customData),
    transform: draft.transform.trim() ? { language: 'jsonata' as const, expression: draft.transform } : null,
    retrySchedule: draft.retrySchedule,
    timeoutSeconds: Number(draft.timeoutSeconds || NaN),
    rateLimitPerSecond: draft.rateLimitPerSecond.trim() ? Number(draft.rateLimitPerSecond) : null,
  };
}

/** Converts the form to the body that creates an endpoint. @throws ProblemError as `settingsOf` */
export function creationOf(draft: Draft) {
  return {
    ...settingsOf(draft),
    customerId: draft.customerId.trim(),
    ...(draft.productId && { productId: draft.productId }),
    ...(draft.secret !== null && { secret: draft.secret }),
  };
}

/** Returns only the fields that changed. @throws ProblemError as `settingsOf` */
export function changesOf(before: Draft, draft: Draft) {
  const old: Record<string, unknown> = settingsOf(before);
  return Object.fromEntries(
    Object.entries(settingsOf(draft)).filter(([field, value]) => formatJson(value) !== formatJson(old[field])),
  );
}

/** A validation error found by the form, in the shape of the API's. */
export function validationError(...errors: { path: string; message: string }[]): ProblemError {
  return new ProblemError(422, 'validation-failed', t`Invalid input`, t`Some fields are missing or invalid.`, errors);
}

/** Drops the messages of fields that the user has changed since. */
export function withoutChanged(error: unknown, change: Partial<Draft>): unknown {
  if (!(error instanceof ProblemError) || error.errors.length === 0) return error;
  const left = error.errors.filter(({ path }) => !(path.split('/')[1]! in change));
  return left.length > 0 ? new ProblemError(error.status, error.code, error.title, error.detail, left) : undefined;
}

function headersOf(rows: Draft['headers']): Record<string, string> {
  const given = rows.filter(({ name, value }) => name.trim() || value.trim());
  for (const { name } of given) {
    if (!name.trim()) throw validationError({ path: '/headers', message: t`Every header needs a name.` });
    if (given.filter((other) => other.name.trim().toLowerCase() === name.trim().toLowerCase()).length > 1)
      throw validationError({ path: '/headers', message: t`${name.trim()} appears more than once.` });
  }
  return Object.fromEntries(given.map(({ name, value }) => [name.trim(), value]));
}

/** @throws ProblemError if the text is not a JSON object */
export function customDataOf(text: string): Record<string, unknown> {
  let data: unknown;
  try {
    data = parseJson(text.trim() || '{}');
  } catch (error) {
    throw validationError({ path: '/customData', message: t`Invalid JSON: ${(error as Error).message}` });
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw validationError({
      path: '/customData',
      message: t`Enter a JSON object, for example ${'{"name": "value"}'}.`,
    });
  return data as Record<string, unknown>;
}
