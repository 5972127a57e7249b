import type { Config } from '../config';
import { maskedSummary } from '../config/masked-summary';
import { MIN_ADMIN_KEY_LENGTH } from '../config/rules';
import { misreadsKeys } from '../process/json-keys';
import type { Service } from './compose';

/**
 * Prints what an operator needs after a start: configuration, URLs, admin key, and calls to paste.
 */
export function printSummary(
  config: Config,
  service: Pick<Service, 'url' | 'keys' | 'temporalUiUrl'>,
  print: (line: string) => void,
): void {
  const { url, keys, temporalUiUrl } = service;
  print(`configuration: ${JSON.stringify(maskedSummary(config))}`);
  if (config.allowAddresses.length > 0)
    print(`internal addresses allowed for deliveries: ${config.allowAddresses.join(', ')} (SIGNPOST_ALLOW_ADDRESSES)`);
  if (config.adminKey !== undefined && config.adminKey.length < MIN_ADMIN_KEY_LENGTH) {
    print(`warning: SIGNPOST_ADMIN_KEY is short enough to be guessed; use at least ${MIN_ADMIN_KEY_LENGTH} characters`);
  }
  if (misreadsKeys())
    print(
      `warning: Node ${process.versions.node} reads some JSON keys wrongly, and may mix up keys of different customers; use Node 22, or 24.22.3 or later`,
    );
  if (config.databaseUrl !== undefined && config.publicUrl === undefined)
    print(`warning: SIGNPOST_PUBLIC_URL is not set, so links for customers begin with ${url}`);
  print('');
  if (config.role !== 'worker') print(`  web UI         ${url}/`);
  print(`  API            ${url}`);
  print(`  API reference  ${url}/docs`);
  if (temporalUiUrl) print(`  Temporal UI    ${temporalUiUrl}`);
  if (config.role !== 'worker') {
    print(`  admin key      ${describeAdminKey(keys)}`);
  }
  // A service with a Postgres of its own is not one to try out.
  if (config.role !== 'worker' && config.databaseUrl === undefined) {
    print('');
    print('To send your first event, paste these lines into another terminal:');
    for (const line of walkThrough(url, shellExpressionOf(keys))) print(`  ${line}`);
  }
  print('');
}

/** The key is shown once, by the start that generated it: what is printed ends up in log files. */
function describeAdminKey({ adminKey, adminKeyFile }: Service['keys']): string {
  if (adminKeyFile === undefined) return 'the value of SIGNPOST_ADMIN_KEY';
  return adminKeyFile.isNew ? adminKey : `in ${adminKeyFile.path}`;
}

function shellExpressionOf({ adminKeyFile }: Service['keys']): string {
  return adminKeyFile === undefined ? '$SIGNPOST_ADMIN_KEY' : `$(cat '${adminKeyFile.path}')`;
}

/**
 * The shortest sequence of calls from an empty service to a notification. The README explains each
 * one.
 */
export function walkThrough(url: string, keyExpression: string): string[] {
  const call = (method: string, path: string, body: object) =>
    `curl -s -X ${method} ${url}${path} -H "X-API-Key: $KEY" -H 'content-type: application/json' -d '${JSON.stringify(body)}'; echo`;
  return [
    `KEY=${keyExpression}`,
    call('POST', '/v1/products', { id: 'payments', name: 'Payments', enabled: true }),
    call('PUT', '/v1/event-types/payment.confirmed.v1', {
      productId: 'payments',
      description: 'A payment was confirmed.',
    }),
    call('POST', '/v1/customers', { id: 'customer1', name: 'Customer One', productId: 'payments' }),
    call('POST', '/v1/subscriptions', {
      customerId: 'customer1',
      name: 'payments',
      url: 'http://127.0.0.1:9000/payment-confirmed',
      eventTypes: ['payment.*.v1'],
    }),
    call('POST', '/v1/events', {
      type: 'payment.confirmed.v1',
      customerId: 'customer1',
      data: { paymentId: 'P-1', date: '2026-01-31T12:00:00Z', amount: 125.5 },
    }),
    `curl -s '${url}/v1/notifications' -H "X-API-Key: $KEY"; echo`,
  ];
}
