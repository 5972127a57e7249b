import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { changesOf, isSame } from '../../domain/audit';
import { isPattern } from '../../domain/event-type-pattern';
import { tokenUrlOf, type PrivateSettings } from '../../domain/private-settings';
import { Problem, type FieldError } from '../../domain/problems';
import { generateSecret } from '../../domain/signing';
import type { Customer, Principal, Subscription } from '../../domain/types';
import type { UrlPattern } from '../../domain/url-pattern';
import { areUrlsApproved } from '../../store/catalog/allowlist';
import type { Sealer } from '../../store/db/crypto';
import { isUniqueViolation } from '../../store/db/database';
import { unknownEventTypes } from '../../store/catalog/event-types';
import { markRateChanged } from '../../store/subscriptions/rate-wakes';
import { openPrivateSettings } from '../../store/subscriptions/private-settings';
import { isFailing } from '../../store/subscriptions/out-of-order';
import { insertSecret } from '../../store/subscriptions/secrets';
import {
  deleteSubscription,
  insertSubscription,
  setEnabled,
  updateSubscription,
  type SubscriptionSettings,
} from '../../store/subscriptions/subscriptions';
import type { Settlement } from '../ports';
import type { Context } from '../http/route';
import type { newSettingsSchema } from '../schemas/subscription-schemas';
import { refuseFaultyTls } from './tls-faults';
import { refuseTwoAuthorizations, showSubscription, withoutMasks, type ShownSubscription } from './private-settings';

export type NewSettings = Omit<z.output<typeof newSettingsSchema>, 'customData'> &
  Pick<SubscriptionSettings, 'customData'>;

/** The fields that the audit log shows of a new or deleted subscription. */
const CREATED_FIELDS = ['url', 'enabled', 'eventTypes'] as const;

/**
 * Creates, changes and removes subscriptions, for calls on one subscription and on all of a
 * customer's.
 */
export class SubscriptionService {
  constructor(
    private readonly sealer: Sealer,
    private readonly settlement: Settlement,
    private readonly allowedUrls: readonly UrlPattern[],
    private readonly httpsOnly: boolean,
  ) {}

  /**
   * The caller checks the transform beforehand, outside the transaction.
   *
   * @param productId - product whose events it gets; null: every product that the customer belongs
   *   to
   * @returns the subscription with its secret, which is shown only this time
   * @throws Problem already-exists, unknown-event-type, quota-exceeded
   */
  async create(
    context: Context,
    customer: Customer,
    productId: string | null,
    { secret = generateSecret(), ...given }: NewSettings,
  ): Promise<ShownSubscription & { secret: string }> {
    const owner = { customerId: customer.id, productId };
    this.refuseInsecureUrl(given.url);
    const settings: SubscriptionSettings = { ...given, ...withoutMasks(given) };
    refuseTwoAuthorizations(settings);
    refuseFaultyTls(settings.url, settings.tls);
    await context.checkQuota('subscriptions', owner);
    await this.checkEventTypes(context, settings.eventTypes, productId ?? customer.productId);
    const approved = await areUrlsApproved(context.db, this.allowedUrls, urlsOf(settings), {
      ...owner,
      productId: productId ?? customer.productId,
    });
    const created = await named(settings.name, () =>
      insertSubscription(context.db, this.sealer, owner, settings, approved),
    );
    await insertSecret(context.db, this.sealer, created.id, secret);
    await context.audit('subscription.create', created.id, {
      ...owner,
      detail: { name: created.name },
      changes: changesOf(undefined, created, CREATED_FIELDS),
    });
    return { ...this.show(context.principal, created), secret };
  }

  /**
   * A change to what the settings are already does nothing. The caller checks the transform
   * beforehand, outside the transaction.
   *
   * @throws Problem already-exists, unknown-event-type, validation-failed
   */
  async change(
    context: Context,
    before: Subscription,
    customer: Customer,
    given: Partial<SubscriptionSettings>,
  ): Promise<ShownSubscription> {
    const current: SubscriptionSettings = { ...before, ...this.open(before) };
    const change: Partial<SubscriptionSettings> = { ...given, ...withoutMasks(given, current) };
    const fields = (Object.keys(change) as (keyof SubscriptionSettings)[]).filter(
      (field) => !isSame(change[field], current[field]),
    );
    if (fields.length === 0) return this.show(context.principal, before);
    const settings = { ...current, ...change };
    if (change.url !== undefined) this.refuseInsecureUrl(change.url);
    refuseFixed(before, settings);
    refuseTwoAuthorizations(settings);
    if (fields.includes('tls') || fields.includes('url')) refuseFaultyTls(settings.url, settings.tls);
    const productId = before.productId ?? customer.productId;
    const added = settings.eventTypes.filter((entry) => !before.eventTypes.includes(entry));
    await this.checkEventTypes(context, added, productId);
    const approved = await areUrlsApproved(context.db, this.allowedUrls, urlsOf(settings), {
      customerId: before.customerId,
      productId,
    });
    const changed = await named(settings.name, () =>
      updateSubscription(context.db, this.sealer, before.id, settings, approved),
    );
    const { customerId } = before;
    await context.audit('subscription.change', before.id, {
      customerId,
      productId: before.productId,
      changes: changesOf(current, settings, fields),
    });
    if (changed.rateLimitPerSecond !== before.rateLimitPerSecond) await markRateChanged(context.db, before.id);
    await this.settle(context, before.id);
    return this.show(context.principal, changed);
  }

  /** A subscription as an answer shows it to a caller. */
  show(principal: Principal, subscription: Subscription): ShownSubscription {
    return showSubscription(this.sealer, principal, subscription);
  }

  private open({ id, privateSettings }: Subscription): PrivateSettings {
    return openPrivateSettings(this.sealer, id, privateSettings);
  }

  /** @throws Problem validation-failed if only https is allowed, and the URL is an http URL */
  refuseInsecureUrl(url: string): void {
    if (!this.httpsOnly || new URL(url).protocol === 'https:') return;
    throw new Problem('validation-failed', 'This installation delivers to https URLs only.', {
      errors: [{ path: '/url', message: 'expected https' }],
    });
  }

  async remove(context: Context, subscription: Subscription): Promise<void> {
    const { id, customerId, productId, name } = subscription;
    await deleteSubscription(context.db, id);
    const changes = changesOf(subscription, undefined, CREATED_FIELDS);
    await context.audit('subscription.delete', id, { customerId, productId, detail: { name }, changes });
    await this.settle(context, id);
  }

  /** Enables or disables a subscription. One that is in the state already does not change. */
  async switch(context: Context, before: Subscription, enabled: boolean): Promise<ShownSubscription> {
    const { id, customerId, productId } = before;
    const isOn = before.enabled && before.outOfOrder === null;
    // Enabling also restarts the period of the out-of-order rule.
    const isSo = enabled ? isOn && !(await isFailing(context.db, id)) : !before.enabled;
    if (isSo) return this.show(context.principal, before);
    const after = await setEnabled(context.db, id, enabled);
    const action = enabled ? 'subscription.enable' : 'subscription.disable';
    const changes = changesOf(before, after, ['enabled', 'status']);
    await context.audit(action, id, { customerId, productId, changes });
    await this.settle(context, id);
    return this.show(context.principal, after);
  }

  /** After a change that may release or cancel notifications. */
  async settle(context: Context, subscriptionId: string): Promise<void> {
    const marked = await this.settlement.mark(context.db, { subscriptionId });
    if (marked.length > 0) context.afterCommit(() => this.settlement.start(marked));
  }

  /**
   * Refuses names that are not in the catalog: a typing error must not create a subscription that
   * never receives anything. Patterns may match types that do not exist yet.
   */
  private async checkEventTypes(context: Context, entries: readonly string[], productId: string | null): Promise<void> {
    const names = entries.filter((entry) => !isPattern(entry));
    const unknown = await unknownEventTypes(context.db, names, productId);
    if (unknown.length === 0) return;
    throw new Problem('unknown-event-type', `These event types are not in the catalog: ${unknown.join(', ')}.`, {
      errors: unknown.map((name) => ({ path: '/eventTypes', message: `${name} is not in the catalog` })),
    });
  }
}

/**
 * In format `trigger`, the event types and the format itself are fixed at creation: a handler never
 * receives events that it was not written for.
 */
function refuseFixed(before: Pick<Subscription, 'format' | 'eventTypes'>, after: SubscriptionSettings): void {
  const errors: FieldError[] = [];
  if (before.format !== after.format && [before.format, after.format].includes('trigger'))
    errors.push({ path: '/format', message: 'cannot change to or from format trigger: create another subscription' });
  if (before.format === 'trigger' && !isDeepStrictEqual([...before.eventTypes].sort(), [...after.eventTypes].sort()))
    errors.push({ path: '/eventTypes', message: 'cannot change in format trigger: create another subscription' });
  if (errors.length > 0)
    throw new Problem(
      'fixed-after-creation',
      `${errors.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ')}.`,
      { errors },
    );
}

/** The URLs that deliveries send requests to. */
function urlsOf({ url, auth }: SubscriptionSettings): string[] {
  const tokenUrl = tokenUrlOf(auth);
  return tokenUrl === undefined ? [url] : [url, tokenUrl];
}

async function named<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new Problem('already-exists', `The customer already has a subscription named ${name}.`, {
      errors: [{ path: '/name', message: 'is taken' }],
      cause: error,
    });
  }
}
