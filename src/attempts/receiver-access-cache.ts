import { LRUCache } from 'lru-cache';
import { NO_ACCESS, receiverAccessOf, type ReceiverAccess } from '../domain/receiver-access';
import type { Sealer } from '../store/db/crypto';
import type { DeliverySubscription } from '../store/notifications/delivery-subscription';
import { hasPrivateSettings, openPrivateSettings } from '../store/subscriptions/private-settings';

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;

interface Entry {
  revision: number;
  access: ReceiverAccess;
}

/**
 * Opens the private settings of subscriptions, once for each revision. Most subscriptions have
 * none, which costs nothing.
 */
export class ReceiverAccessCache {
  private readonly entries = new LRUCache<string, Entry>({ max: MAX_ENTRIES, maxSize: MAX_BYTES });

  constructor(private readonly sealer: Sealer) {}

  /** @throws Error if the settings cannot be opened */
  of({ id, revision, privateSettings }: Pick<DeliverySubscription, 'id' | 'revision' | 'privateSettings'>) {
    if (!hasPrivateSettings(privateSettings)) return NO_ACCESS;
    const cached = this.entries.get(id);
    if (cached?.revision === revision) return cached.access;
    const access = receiverAccessOf(openPrivateSettings(this.sealer, id, privateSettings));
    this.entries.set(id, { revision, access }, { size: sizeOf(access) });
    return access;
  }
}

function sizeOf({ headers, secrets, tls }: ReceiverAccess): number {
  const texts: string[] = [...Object.entries(headers).flat(), ...secrets, ...Object.values(tls ?? {})];
  return 1 + texts.reduce((sum, { length }) => sum + length, 0);
}
