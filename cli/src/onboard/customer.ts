import type { ItemOf } from '@signpost/sdk';
import { ruleOf } from '../../../src/api/schemas/subscription-schemas';
import { isPattern } from '../../../src/domain/event-type-pattern';
import { definedOnly } from '../arguments';
import { find, list, type Client } from '../client';
import { customerFile, type CustomerFile } from './files';
import { changedFields, stepFor, type Plan, type Step } from './plan';
import type { EventType } from './catalog';
import type { Issue, SourceFile } from './source';

export type Subscription = ItemOf<'/v1/subscriptions'>;

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
 * @param prune - whether subscriptions that are not in the file are removed
 * @throws CliError with exit code `usage` and all errors of the file with their lines
 */
export async function planCustomer(client: Client, source: SourceFile, prune: boolean): Promise<CustomerPlan> {
  const file = source.read(customerFile);
  const { id, productId } = file.customer;
  const catalog = (await list(client, '/v1/event-types')).items;
  const found = await find(client.customers.get(id));
  const issues = unknownTypes(file, catalog, productId ?? found?.productId ?? undefined);
  if (productId !== undefined) {
    if (!(await find(client.products.get(productId))))
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
  if (step.action === 'create') plan.calls.push(() => done(client.customers.create(file.customer)));
  if (step.action === 'update') plan.calls.push(() => done(client.customers.update(id, changes)));
  await planAllowedUrls(client, file, plan);
  await planSubscriptions(client, found !== undefined, prune, plan);
  return plan;
}

async function planAllowedUrls(client: Client, file: CustomerFile, plan: Plan): Promise<void> {
  if (file.allowUrls.length === 0) return;
  const customerId = file.customer.id;
  const { items } = await list(client, '/v1/url-allowlist');
  for (const pattern of file.allowUrls) {
    const listed = items.some((entry) => entry.pattern === pattern && (entry.customerId ?? customerId) === customerId);
    plan.steps.push({ action: listed ? 'unchanged' : 'create', object: `allowed URL ${pattern}` });
    if (!listed) plan.calls.push(() => done(client.allowlist.create({ pattern, customerId })));
  }
}

/**
 * Plans all subscriptions as one call, which is one transaction. That call also removes what it
 * does not list, so subscriptions that must stay make it a call for each.
 */
async function planSubscriptions(
  client: Client,
  customerExists: boolean,
  prune: boolean,
  plan: CustomerPlan,
): Promise<void> {
  const { customer, subscriptions } = plan.file;
  const existing = customerExists ? (await list(client, '/v1/subscriptions', { customerId: customer.id })).items : [];
  const found = subscriptions.map(({ name }) => existing.find((one) => one.name === name));
  const { id: customerId, ...desired } = customer;
  // Only the service can compare secrets.
  const planned = await client.customers.planSetUp(customerId, definedOnly({ customer: desired, subscriptions }));
  const steps: Step[] = subscriptions.map(({ secret, ...settings }, index) => {
    const object = `subscription ${settings.name}`;
    if (planned.create.includes(settings.name)) return { action: 'create', object };
    if (!planned.update.includes(settings.name)) return { action: 'unchanged', object };
    const fields = changedFields({ ...settings, outOfOrderRule: ruleOf(settings.outOfOrderRule) }, found[index] ?? {});
    // Nobody can read these, so the change may be in any of them.
    const isHidden = secret !== undefined && fields.every((field) => field === 'auth' || field === 'tls');
    return { action: 'update', object, fields: isHidden ? [...fields, 'secret'] : fields };
  });
  const others = existing.filter((one) => planned.remove.includes(one.name));
  plan.steps.push(
    ...steps,
    ...others.map(({ name }): Step => ({ action: prune ? 'remove' : 'keep', object: `subscription ${name}` })),
  );
  plan.subscriptions = found.flatMap((one) => one ?? []);
  if (others.length === 0 || prune) {
    if (others.length === 0 && steps.every(({ action }) => action === 'unchanged')) return;
    plan.calls.push(async () => {
      const { items } = await client.customers.setUp(customerId, definedOnly({ subscriptions }));
      plan.subscriptions = items;
    });
    return;
  }
  const results = [...found];
  for (const [index, { secret, ...settings }] of subscriptions.entries()) {
    const { action, fields = [] } = steps[index]!;
    const id = found[index]?.id;
    if (action === 'unchanged') continue;
    plan.calls.push(async () => {
      const changes = Object.fromEntries(Object.entries(settings).filter(([name]) => fields.includes(name)));
      if (id === undefined) {
        results[index] = await client.subscriptions.create(definedOnly({ customerId, ...settings, secret }));
      } else {
        results[index] = await client.subscriptions.update(id, changes);
        if (fields.includes('secret')) await client.subscriptions.rotateSecret(id, { secret });
      }
      plan.subscriptions = results.flatMap((one) => one ?? []);
    });
  }
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
