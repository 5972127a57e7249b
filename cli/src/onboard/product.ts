import { definedOnly } from '../arguments';
import { find, list, type Client } from '../client';
import { planCatalog } from './catalog';
import { productFile } from './files';
import { stepFor, type Plan } from './plan';
import type { SourceFile } from './source';

/** The plan for a product, and the result of carrying it out. */
export interface ProductPlan extends Plan {
  productId: string;
  /** Created keys. The service returns a key only once. */
  createdKeys: { name: string; key: string }[];
}

/**
 * Compares a file with the current state of the service.
 *
 * @throws CliError with exit code `usage` and all errors of the file with their lines
 */
export async function planProduct(client: Client, source: SourceFile): Promise<ProductPlan> {
  const file = source.read(productFile);
  const { id } = file.product;
  const plan: ProductPlan = { productId: id, steps: [], calls: [], createdKeys: [] };

  const found = await find(client.products.get(id));
  const step = stepFor(`product ${id}`, file.product, found);
  plan.steps.push(step);
  const { id: _, ...changes } = file.product;
  if (step.action === 'create') plan.calls.push(() => done(client.products.create(file.product)));
  if (step.action === 'update') plan.calls.push(() => done(client.products.update(id, changes)));

  const catalog = await planCatalog(client, id, file.eventTypes, 'eventTypes');
  if (catalog.issues.length > 0) throw source.reject(catalog.issues);
  plan.steps.push(...catalog.steps);
  plan.calls.push(...catalog.calls);

  if (file.archiveOthers && found) {
    const { items } = await list(client, '/v1/event-types', definedOnly({ productId: id, archived: false }));
    for (const { name } of items.filter((type) => !file.eventTypes.some((entry) => entry.name === type.name))) {
      plan.steps.push({ action: 'archive', object: `event type ${name}` });
      plan.calls.push(() => done(client.eventTypes.archive(name)));
    }
  }
  await planKeys(client, file.apiKeys, plan);
  return plan;
}

async function planKeys(client: Client, desired: readonly { name: string }[], plan: ProductPlan): Promise<void> {
  if (desired.length === 0) return;
  const { items } = await list(client, '/v1/api-keys');
  for (const { name } of desired) {
    const exists = items.some(
      (key) =>
        key.name === name && key.role === 'product' && key.productId === plan.productId && key.revokedAt === null,
    );
    plan.steps.push({ action: exists ? 'unchanged' : 'create', object: `API key ${name}` });
    if (exists) continue;
    plan.calls.push(async () => {
      const { key } = await client.apiKeys.create({ name, role: 'product', productId: plan.productId });
      plan.createdKeys.push({ name, key });
    });
  }
}

async function done(call: Promise<unknown>): Promise<void> {
  await call;
}
