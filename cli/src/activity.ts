import { SignpostError, type Activity, type ActivityGap, type ActivityOptions } from '@signpost/sdk';
import type { Session } from './session';

type Filter = Pick<ActivityOptions, 'type' | 'customerId' | 'subscriptionId' | 'include'>;

export interface FollowOptions extends Filter {
  /** Called when the stream is connected for the first time. */
  onOpen?(): void;
  /** @default the signal of Ctrl-C */
  signal?: AbortSignal;
}

/**
 * Follows the activity stream until Ctrl-C. The SDK reconnects with growing waits and resumes after
 * the last entry. A note says when the service went away, and one when it came back.
 *
 * @throws SignpostUnreachableError if the service is unreachable when the command starts
 */
export async function* followActivity(
  session: Session,
  { onOpen, signal = session.io.interrupted(), ...filter }: FollowOptions,
): AsyncGenerator<Activity | ActivityGap, void> {
  let wasOpen = false;
  let lostAt: number | undefined;
  yield* session.client.activity.stream({
    ...filter,
    signal,
    onOpen() {
      if (lostAt !== undefined)
        session.note(`connected again after ${Math.ceil((performance.now() - lostAt) / 1000)} s`);
      if (!wasOpen) onOpen?.();
      wasOpen = true;
      lostAt = undefined;
    },
    onFault(error) {
      // With an answer, the service is there, but has too many streams or restarts.
      if (!wasOpen && !(error instanceof SignpostError)) throw error;
      if (lostAt === undefined) session.note(`no connection: ${error.message} (reconnecting)`);
      lostAt ??= performance.now();
    },
  });
}
