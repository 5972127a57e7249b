import type { z } from 'zod';
import { changesOf, isSame } from '../../domain/audit';
import { isPattern } from '../../domain/event-type-pattern';
import { tokenUrlOf, type PrivateSettings } from '../../domain/private-settings';
import { Problem } from '../../domain/problems';
import type { Customer, Principal, Subscription } from '../../domain/types';
import { isSameUrl } from '../../domain/canonical-url';
import type { UrlPattern } from '../../domain/url-pattern';
import type { Sealer } from '../../store/db/crypto';
import { isUniqueViolation } from '../../store/db/database';
import { restrictedEventTypes, unknownEventTypes } from '../../store/catalog/event-types';
import { markRateChanged } from '../../store/subscriptions/rate-wakes';
import { openPrivateSettings } from '../../store/subscriptions/private-settings';
import { markRescheduling } from '../../store/subscriptions/rescheduling';
import { isFailing } from '../../store/subscriptions/out-of-order';
import { insertSecret, newSecret, rotateSecret, type NewSecret } from '../../store/subscriptions/secrets';
import {
  deleteSubscription,
  insertSubscription,
  setEnabled,
  updateSubscription,
  type SubscriptionSettings,
} from '../../store/subscriptions/subscriptions';
import type { Settlement } from '../ports';
import type { Context } from '../http/route';
import { ruleOf, type newSettingsSchema } from '../schemas/subscription-schemas';
import { refuseEncryptionWithoutBody, refuseFaultyEncryption } from './encryption-faults';
import { refuseFaultyTls } from './tls-faults';
import { refuseFixed, refuseSeveral } from './trigger-settings';
import { approvedOrRequested, withdrawIdleRequests } from './url-approval';
import { refuseTwoAuthorizations, showSubscription, withoutMasks, type ShownSubscription } from './private-settings';

export type NewSettings = Omit<z.output<typeof newSettingsSchema>, 'customData'> &
  Pick<SubscriptionSettings, 'customData'>;

/** The fields that the audit log shows of a new or deleted subscription. */
const CREATED_FIELDS = ['url', 'enabled', 'eventTypes'] as const;

/** The fields that decide where and how deliveries are sent. */
const RECEIVER_FIELDS: readonly string[] = ['url', 'method', 'headers', 'auth', 'tls'];

/**
 * Creates, changes and removes subscriptions, for calls on one subscription and on all of a
 * customer's.
 */
export class SubscriptionService {
  constructor(
    private readonly sealer: Sealer,
    readonly settlement: Settlement,
    private readonly allowedUrls: readonly UrlPattern[],
    private readonly urlFault: (url: URL) => string | undefined,
  ) {}

  /**
   * The caller checks the transform beforehand, outside the transaction.
   *
   * @param boundTo - product whose events it gets; null: every product that the customer belongs
   *   to
   * @returns the subscription with its secret, which is shown only this time
   * @throws Problem already-exists, unknown-event-type, capability-required, quota-exceeded
   */
  async create(
    context: Context,
    customer: Customer,
    boundTo: string | null,
    { secret: wanted, ...given }: NewSettings,
  ): Promise<ShownSubscription & { secret: string }> {
    // A handler of format trigger is written for one product, which its customer may decide.
    const productId = given.format === 'trigger' ? (boundTo ?? customer.productId) : boundTo;
    const owner = { customerId: customer.id, productId };
    this.refuseUndeliverable(given.url);
    this.refuseUndeliverable(tokenUrlOf(given.auth), '/auth/tokenUrl');
    const settings: SubscriptionSettings = {
      ...given,
      ...withoutMasks(given),
      outOfOrderRule: ruleOf(given.outOfOrderRule),
    };
    if (settings.format === 'trigger') refuseSeveral(settings.eventTypes, productId);
    refuseTwoAuthorizations(settings);
    refuseFaultyTls(settings.url, settings.tls);
    refuseEncryptionWithoutBody(settings);
    await refuseFaultyEncryption(settings.encryption);
    await context.checkQuota('subscriptions', owner);
    await this.checkEventTypes(context, settings.eventTypes, customer.id, productId ?? customer.productId);
    const approved = await approvedOrRequested(context, this.allowedUrls, urlsOf(settings), {
      ...owner,
      productId: productId ?? customer.productId,
    });
    const created = await named(settings.name, () =>
      insertSubscription(context.db, this.sealer, owner, settings, approved),
    );
    const secret = newSecret(wanted);
    await insertSecret(context.db, this.sealer, created.id, secret);
    await context.audit('subscription.create', created.id, {
      ...owner,
      detail: { name: created.name },
      changes: changesOf(undefined, created, CREATED_FIELDS),
    });
    return { ...this.show(context.principal, created), secret: secret.secret };
  }

  /**
   * A change to what the settings are already does nothing. The caller checks the transform
   * beforehand, outside the transaction.
   *
   * @throws Problem already-exists, unknown-event-type, capability-required, validation-failed
   */
  async change(
    context: Context,
    before: Subscription,
    customer: Customer,
    given: Partial<SubscriptionSettings>,
  ): Promise<{ item: ShownSubscription; isChanged: boolean }> {
    const { current, settings, fields } = this.compare(before, given);
    if (fields.length === 0) return { item: this.show(context.principal, before), isChanged: false };
    if (before.format === 'trigger' && fields.includes('eventTypes'))
      refuseSeveral(settings.eventTypes, before.productId ?? customer.productId);
    if (fields.includes('url')) this.refuseUndeliverable(settings.url);
    if (fields.includes('auth')) this.refuseUndeliverable(tokenUrlOf(settings.auth), '/auth/tokenUrl');
    refuseFixed(before, settings, fields);
    refuseTwoAuthorizations(settings);
    if (fields.includes('tls') || fields.includes('url')) refuseFaultyTls(settings.url, settings.tls);
    refuseEncryptionWithoutBody(settings);
    if (fields.includes('encryption')) await refuseFaultyEncryption(settings.encryption);
    const productId = before.productId ?? customer.productId;
    const added = settings.eventTypes.filter((entry) => !before.eventTypes.includes(entry));
    await this.checkEventTypes(context, added, customer.id, productId);
    const urlApproved = await approvedOrRequested(context, this.allowedUrls, urlsOf(settings), {
      customerId: before.customerId,
      productId,
    });
    const receiverChanged = fields.some((field) => RECEIVER_FIELDS.includes(field));
    const changed = await named(settings.name, () =>
      updateSubscription(context.db, this.sealer, before.id, settings, { urlApproved, receiverChanged }),
    );
    const { customerId } = before;
    await context.audit('subscription.change', before.id, {
      customerId,
      productId: before.productId,
      changes: changesOf(current, settings, fields),
    });
    if (fields.includes('url') || fields.includes('auth')) await withdrawIdleRequests(context, customerId);
    if (changed.rateLimitPerSecond !== before.rateLimitPerSecond) await markRateChanged(context.db, before.id);
    if (fields.includes('retrySchedule')) await markRescheduling(context.db, { subscriptionId: before.id });
    await this.settle(context, before.id);
    return { item: this.show(context.principal, changed), isChanged: true };
  }

  /**
   * Makes a secret the current one. Doing so again changes nothing.
   *
   * @param subscription - locked by the caller
   * @returns whether it changed
   */
  async rotateSecret(
    context: Context,
    { id, customerId, productId }: Subscription,
    secret: NewSecret,
    overlapSeconds: number,
  ): Promise<boolean> {
    if (!(await rotateSecret(context.db, this.sealer, id, secret, overlapSeconds))) return false;
    await context.audit('secret.rotate', id, { customerId, productId, detail: { overlapSeconds } });
    return true;
  }

  /** The settings before and after a change, and the fields that differ. */
  private compare(before: Subscription, given: Partial<SubscriptionSettings>) {
    const current: SubscriptionSettings = { ...before, ...this.open(before) };
    const change: Partial<SubscriptionSettings> = { ...given, ...withoutMasks(given, current) };
    const fields = (Object.keys(change) as (keyof SubscriptionSettings)[]).filter(
      (field) => !isSameSetting(field, change[field], current[field]),
    );
    const changed = Object.fromEntries(fields.map((field) => [field, change[field]]));
    const settings: SubscriptionSettings = { ...current, ...changed };
    return { current, settings, fields };
  }

  /** A subscription as an answer shows it to a caller. */
  show(principal: Principal, subscription: Subscription): ShownSubscription {
    return showSubscription(this.sealer, principal, subscription);
  }

  private open({ id, privateSettings }: Subscription): PrivateSettings {
    return openPrivateSettings(this.sealer, id, privateSettings);
  }

  /** @throws Problem validation-failed if no request of this installation can go to a URL */
  refuseUndeliverable(url: string | undefined, path = '/url'): void {
    const message = url === undefined ? undefined : this.urlFault(new URL(url));
    if (message === undefined) return;
    throw new Problem('validation-failed', 'This installation sends no requests to such a URL.', {
      errors: [{ path, message }],
    });
  }

  async remove(context: Context, subscription: Subscription): Promise<void> {
    const { id, customerId, productId, name } = subscription;
    await deleteSubscription(context.db, id);
    const changes = changesOf(subscription, undefined, CREATED_FIELDS);
    await context.audit('subscription.delete', id, { customerId, productId, detail: { name }, changes });
    await withdrawIdleRequests(context, customerId);
    await this.settle(context, id);
  }

  /** Enables or disables a subscription. One that is in the state already does not change. */
  async switch(context: Context, before: Subscription, enabled: boolean): Promise<ShownSubscription> {
    const { id, customerId, productId } = before;
    const isOn = before.enabled && before.outOfOrder === null;
    // Enabling also resets what the out-of-order rule counts.
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
   * never receives anything. Patterns may match types that do not exist yet, and match no types
   * that the customer may not get.
   */
  private async checkEventTypes(
    { db }: Context,
    entries: readonly string[],
    customerId: string,
    productId: string | null,
  ): Promise<void> {
    const names = entries.filter((entry) => !isPattern(entry));
    const unknown = await unknownEventTypes(db, names, productId);
    if (unknown.length > 0)
      throw new Problem('unknown-event-type', `These event types are not in the catalog: ${unknown.join(', ')}.`, {
        errors: unknown.map((name) => ({ path: '/eventTypes', message: `${name} is not in the catalog` })),
      });
    const restricted = await restrictedEventTypes(db, names, customerId);
    if (restricted.length > 0)
      throw new Problem('capability-required', 'The customer may not get events of some of these types.', {
        errors: restricted.map(({ name, missing }) => ({
          path: '/eventTypes',
          message: `${name} requires ${missing.join(', ')}`,
        })),
      });
  }
}

/** Compares URLs in whatever spelling they were stored, and lists without an order as sets. */
function isSameSetting(field: keyof SubscriptionSettings, one: unknown, other: unknown): boolean {
  if (field === 'url') return isSameUrl(String(one), String(other));
  if (field === 'channels' || field === 'eventTypes') return isSame(inOrder(one), inOrder(other));
  return isSame(one, other);
}

const inOrder = (names: unknown) => [...new Set(names as string[])].sort();

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
