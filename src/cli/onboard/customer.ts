import { isPattern } from '../../domain/event-type-pattern';
import type { Format } from '../../domain/types';
import { find, list, type Client, type Json } from '../client';
import { customerFile, type CustomerFile } from './files';
import { stepFor, type Plan } from './plan';
import type { EventType } from './catalog';
import type { Issue, SourceFile } from './source';

export interface Customer extends Json {
  id: string;
  name: string;
  productId: string | null;
  retrySchedule: number[];
}

export interface Subscription extends Json {
  id: string;
  name: string;
  url: string;
  status: string;
  eventTypes: string[];
  format: Format;
  retrySchedule: number[] | null;
}

/** The plan for a customer, and the result of carrying it out. */
export interface CustomerPlan extends Plan {
  file: CustomerFile;
  /** All event types, for the hand-over sheet. */
  catalog: EventType[];
  /** Current state. After the plan is carried out, in the order of the file. */
  subscriptions: Subscription[];
}

/**
 * Compares a file with the current state of the service.
 *
 * @throws CliError with exit code `usage` and all errors of the file with their lines
 */
export async function planCustomer(client: Client, source: SourceFile): Promise<CustomerPlan> {
  const file = source.read(customerFile);
  const { id, productId } = file.customer;
  const customerPath = `/v1/customers/${encodeURIComponent(id)}`;
  const catalog = (await list<EventType>(client, '/v1/event-types')).items;
  const found = await find<Customer>(client, customerPath);
  const issues = unknownTypes(file, catalog, productId ?? found?.productId ?? undefined);
  if (productId !== undefined) {
    if (!(await find(client, `/v1/products/${encodeURIComponent(productId)}`)))
      issues.push({ path: ['customer', 'productId'], message: 'this product does not exist' });
    else if (found && found.productId !== productId)
      issues.push({
        path: ['customer', 'productId'],
        message: `the customer belongs to ${found.productId === null ? 'no product' : `product ${found.productId}`}, and this cannot be changed`,
      });
  }
  if (issues.length > 0) throw source.reject(issues);

  const plan: CustomerPlan = { file, catalog, steps: [], calls: [], subscriptions: [] };
  const { id: _, productId: __, ...changes } = file.customer;
  const step = stepFor(`customer ${id}`, file.customer, found);
  plan.steps.push(step);
  if (step.action === 'create')
    plan.calls.push(() => done(client.request('POST', '/v1/customers', { body: file.customer })));
  if (step.action === 'update') plan.calls.push(() => done(client.request('PATCH', customerPath, { body: changes })));
  await planAllowedUrls(client, file, plan);
  await planSubscriptions(client, customerPath, found !== undefined, plan);
  return plan;
}

async function planAllowedUrls(client: Client, file: CustomerFile, plan: Plan): Promise<void> {
  if (file.allowUrls.length === 0) return;
  const customerId = file.customer.id;
  const { items } = await list<{ pattern: string; customerId: string | null }>(client, '/v1/url-allowlist');
  for (const pattern of file.allowUrls) {
    const listed = items.some(
      (entry) => entry.pattern === pattern.trim() && (entry.customerId ?? customerId) === customerId,
    );
    plan.steps.push({ action: listed ? 'unchanged' : 'create', object: `allowed URL ${pattern}` });
    if (!listed)
      plan.calls.push(() => done(client.request('POST', '/v1/url-allowlist', { body: { pattern, customerId } })));
  }
}

/** Plans all subscriptions as one call, which is one transaction. */
async function planSubscriptions(
  client: Client,
  customerPath: string,
  customerExists: boolean,
  plan: CustomerPlan,
): Promise<void> {
  const { customer, subscriptions } = plan.file;
  const existing = customerExists
    ? (await list<Subscription>(client, '/v1/subscriptions', { customerId: customer.id })).items
    : [];
  const found = subscriptions.map(({ name }) => existing.find((one) => one.name === name));
  const steps = subscriptions.map(({ secret: _, ...settings }, index) =>
    stepFor(`subscription ${settings.name}`, settings, found[index]),
  );
  for (const { name } of existing.filter((one) => !found.includes(one)))
    steps.push({ action: 'remove', object: `subscription ${name}` });
  plan.steps.push(...steps);
  plan.subscriptions = found.flatMap((one) => one ?? []);
  if (steps.every(({ action }) => action === 'unchanged')) return;
  plan.calls.push(async () => {
    const { items } = await client.request<{ items: Subscription[] }>('PUT', `${customerPath}/subscriptions`, {
      body: { subscriptions },
    });
    plan.subscriptions = items;
  });
}

/**
 * Finds unknown event types now, because the service would only refuse them after the customer
 * exists.
 */
function unknownTypes(file: CustomerFile, catalog: readonly EventType[], productId: string | undefined): Issue[] {
  const known = new Set(
    catalog.filter((type) => productId === undefined || type.productId === productId).map(({ name }) => name),
  );
  return file.subscriptions.flatMap(({ eventTypes }, index) =>
    eventTypes.flatMap((entry, position) =>
      isPattern(entry) || known.has(entry)
        ? []
        : [{ path: ['subscriptions', index, 'eventTypes', position], message: `${entry} is not in the catalog` }],
    ),
  );
}

async function done(call: Promise<unknown>): Promise<void> {
  await call;
}
