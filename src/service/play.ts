import { PlayReceiver } from '../api/play/play-receiver';
import type { LocalReceiver } from '../delivery/local-receiver';
import { isInboxUrl } from '../domain/play';
import type { Cleanups } from './cleanups';

/** The test receiver of this process, as the API and deliveries reach it. */
export interface Play extends LocalReceiver {
  receiver: PlayReceiver;
}

/** Builds the test receiver. Every role runs it, because every role delivers. */
export function createPlay(
  deps: ConstructorParameters<typeof PlayReceiver>[0],
  publicUrl: () => string,
  cleanups: Cleanups,
): Play {
  const receiver = new PlayReceiver(deps);
  // Deliveries have ended by then.
  cleanups.add(async () => receiver.close());
  return { receiver, serves: (url) => isInboxUrl(url, publicUrl()), connect: () => receiver.connect() };
}
