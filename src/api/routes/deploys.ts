import { z } from 'zod';
import { MAX_DEPLOY_AHEAD_SECONDS, type Deploy } from '../../domain/deploys';
import { notFound, Problem } from '../../domain/problems';
import { findProduct } from '../../store/catalog/products';
import { deleteDeploy, findDeploy, insertDeploy, isDeployKey, listDeploys } from '../../store/reporting/deploys';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { productOfWrite, productsOfFilter, unknownProduct } from '../auth/own-products';
import { namedCustomer } from '../customers/named-customer';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { deployFilter, deployInput, deploySchema } from '../schemas/deploy-schemas';
import { pageOf, pageQuery, pageRequest, segmentFilter } from '../schemas/schemas';
import { productOf } from '../subscriptions/product-of';

const params = z.object({ id: z.string() });

/** Deploys: versions that customers and products put into operation, to compare deliveries with. */
export function deployRoutes(): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/deploys',
      summary: 'Mark a deploy',
      description:
        'Records that a version was put into operation. The deploy appears in the charts and in the history of the endpoints that it concerns: one subscription, all subscriptions of a customer, or all of a product. Send an `Idempotency-Key` if the caller may repeat the call.',
      tag: 'Deploys',
      roles: CUSTOMER_WRITERS,
      answerIsOpen: true,
      body: deployInput,
      answers: { 201: { description: 'The new deploy', schema: deploySchema } },
      problems: ['unknown-customer', 'unknown-product', 'unknown-subscription', 'quota-exceeded'],
      async handle(context) {
        const { version, description, url, at = new Date() } = context.body;
        refuseFuture(at);
        const owner = await ownerOf(context, context.body);
        await context.checkQuota('deploys', owner);
        const deploy = await insertDeploy(context.db, { ...owner, version, description, url: url ?? null, at });
        await context.audit('deploy.create', deploy.id, factsOf(deploy));
        return { status: 201, body: deploy };
      },
    }),
    route({
      method: 'get',
      path: '/v1/deploys',
      summary: 'List deploys',
      tag: 'Deploys',
      roles: CUSTOMER_READERS,
      query: z.strictObject({ ...pageQuery, ...deployFilter, segment: segmentFilter }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(deploySchema) } },
      async handle({ db, principal, query }) {
        const filter = { ...query, productIds: await productsOfFilter(db, query) };
        return {
          status: 200,
          body: await listDeploys(db, scopeOf(principal), filter, pageRequest(query, isDeployKey)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/deploys/:id',
      summary: 'Get a deploy',
      tag: 'Deploys',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The deploy', schema: deploySchema } },
      problems: ['not-found'],
      async handle(context) {
        return { status: 200, body: await deployOf(context) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/deploys/:id',
      summary: 'Delete a deploy',
      description: 'Removes a deploy that was marked by mistake.',
      tag: 'Deploys',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'Deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        const deploy = await deployOf(context);
        if (!(await deleteDeploy(context.db, deploy.id))) throw notFound('deploy');
        await context.audit('deploy.delete', deploy.id, factsOf(deploy));
        return { status: 204 };
      },
    }),
  ];
}

const factsOf = ({ customerId, productId, subscriptionId, version, at }: Deploy) => ({
  customerId,
  productId,
  detail: { version, at, subscriptionId },
});

/** @throws Problem not-found if there is none in the caller's scope */
async function deployOf({ db, principal, params: { id } }: Context<{ id: string }>): Promise<Deploy> {
  const deploy = await findDeploy(db, id, scopeOf(principal));
  if (!deploy) throw notFound('deploy');
  return deploy;
}

/** @throws Problem validation-failed */
function refuseFuture(at: Date): void {
  if (at.getTime() <= Date.now() + MAX_DEPLOY_AHEAD_SECONDS * 1000) return;
  throw invalid(
    '/at',
    `must be at most ${MAX_DEPLOY_AHEAD_SECONDS} seconds ahead`,
    'The deploy is in the future. Mark it when it has happened.',
  );
}

type Owner = Pick<Deploy, 'productId' | 'customerId' | 'subscriptionId'>;
type Named = Pick<z.output<typeof deployInput>, 'productId' | 'customerId' | 'subscriptionId'>;

/**
 * What a deploy belongs to: the subscription, customer or product that the request names, or else
 * the customer or product of the credential.
 *
 * @throws Problem unknown-customer, unknown-product, unknown-subscription, validation-failed
 */
async function ownerOf(context: Context, named: Named): Promise<Owner> {
  const { subscriptionId, productId } = named;
  if (subscriptionId !== undefined) return ownerBySubscription(context, { ...named, subscriptionId });
  const customerId = named.customerId ?? context.principal.customerId;
  if (customerId !== null) {
    const customer = await namedCustomer(context, customerId);
    return { customerId, productId: await productOf(context, customer, productId), subscriptionId: null };
  }
  const own = productOfWrite(context.principal, productId, '/productId');
  if (own === null)
    throw invalid('/customerId', 'is required', 'Name the customer, the subscription or the product that deployed.');
  if (!(await findProduct(context.db, own))) throw unknownProduct('/productId');
  return { productId: own, customerId: null, subscriptionId: null };
}

async function ownerBySubscription(
  context: Context,
  { subscriptionId, customerId, productId }: Named & { subscriptionId: string },
): Promise<Owner> {
  const subscription = await findSubscription(context.db, subscriptionId, scopeOf(context.principal));
  if (!subscription)
    throw new Problem('unknown-subscription', 'The subscription does not exist or is not yours.', {
      errors: [{ path: '/subscriptionId', message: 'does not exist or is not yours' }],
    });
  const customer = await namedCustomer(context, subscription.customerId, '/subscriptionId');
  if (customerId !== undefined && customerId !== customer.id)
    throw invalid('/customerId', 'is not the customer of the subscription', 'The subscription has another customer.');
  if (productId != null && productId !== (subscription.productId ?? customer.productId))
    throw unknownProduct('/productId');
  return { productId: subscription.productId, customerId: customer.id, subscriptionId };
}

const invalid = (path: string, message: string, detail: string) =>
  new Problem('validation-failed', detail, { errors: [{ path, message }] });
