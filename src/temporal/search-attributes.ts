import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { NotificationRef } from '../domain/delivery';
import type { Temporal } from './connection';

export const CUSTOMER = defineSearchAttributeKey('SignpostCustomer', 'KEYWORD');
const SUBSCRIPTION = defineSearchAttributeKey('SignpostSubscription', 'KEYWORD');
const EVENT_TYPE = defineSearchAttributeKey('SignpostEventType', 'KEYWORD');
const NAMES = [CUSTOMER.name, SUBSCRIPTION.name, EVENT_TYPE.name];
/** gRPC statuses of a call that this process may not make. */
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;

/** The command for an operator, if the service may not register the search attributes itself. */
export function registerCommand(namespace: string): string {
  return `temporal operator search-attribute create --namespace ${namespace} ${NAMES.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
}

/** The attributes that operators filter by in the Temporal UI. */
export function searchAttributesOf(notification: NotificationRef): SearchAttributePair[] {
  return [
    { key: CUSTOMER, value: notification.customerId },
    { key: SUBSCRIPTION, value: notification.subscriptionId },
    { key: EVENT_TYPE, value: notification.eventType },
  ];
}

/**
 * Registers the search attributes that are missing.
 *
 * @returns whether workflows may be started with them: all are registered, or the service may not
 *   list them. If some are missing, Temporal refuses a start with any.
 */
export async function ensureSearchAttributes({ connection, namespace }: Temporal): Promise<boolean> {
  const missing = await missingSearchAttributes({ connection, namespace });
  // Without permission to list, only a start can show.
  if (!missing || missing.length === 0) return true;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    });
    return true;
  } catch {
    // Another process may have registered them. Otherwise the service lacks the permission, or the
    // namespace is full.
    const now = await listNames(connection, namespace);
    return now !== undefined && NAMES.every((name) => now.has(name));
  }
}

/** @returns undefined if this process may not list them */
export async function missingSearchAttributes({
  connection,
  namespace,
}: Pick<Temporal, 'connection' | 'namespace'>): Promise<string[] | undefined> {
  const registered = await listNames(connection, namespace);
  return registered && NAMES.filter((name) => !registered.has(name));
}

/** @returns undefined if this process may not list them */
async function listNames(connection: Temporal['connection'], namespace: string): Promise<Set<string> | undefined> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return new Set(Object.keys(customAttributes ?? {}));
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

function isRefused(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return code === PERMISSION_DENIED || code === UNIMPLEMENTED || (cause !== undefined && isRefused(cause));
}
