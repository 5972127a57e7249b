import { encodeId } from '../../domain/ids';

/** An event in the outbox, with the subscription that it is about. */
export interface Raised {
  type: string;
  /** Null: it is about the installation. */
  subscription: { uuid: string; customerId: string; name: string } | null;
  /** The rest of the data, as of the time when it was raised. */
  facts: Record<string, unknown>;
  raisedAt: Date;
  /** Others of the type that get no event of their own. */
  alsoAffected: number;
}

/** The data of an event. */
export function composeEvent({ subscription, facts, raisedAt, alsoAffected }: Raised): Record<string, unknown> {
  if (!subscription) return { ...facts, at: raisedAt };
  const { notification, ...others } = facts;
  return {
    subscriptionId: encodeId('sub', subscription.uuid),
    customerId: subscription.customerId,
    name: subscription.name,
    ...(typeof notification === 'string' && { notificationId: encodeId('ntf', notification) }),
    ...others,
    at: raisedAt,
    alsoAffected,
  };
}
