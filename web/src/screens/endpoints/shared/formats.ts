import { t } from '@lingui/core/macro';
import type { Format } from '../../../api/types';

/** A title and a one-line description of each delivery format. */
export const FORMATS: Record<Format, { title: string; about: string }> = {
  standard: {
    title: t`Standard`,
    about: t`Type, time and data in the Standard Webhooks format. Most languages have a library that verifies it.`,
  },
  envelope: {
    title: t`Envelope`,
    about: t`The payload, its exact text and its signature, all in the body.`,
  },
  trigger: {
    title: t`Trigger`,
    about: t`Your custom data with the event inside, and a signed token (JWT) in the Authorization header.`,
  },
  flat: {
    title: t`Flat`,
    about: t`The fields of the event and the shared secret, side by side at the top level.`,
  },
};

/** Retry schedules to choose from: the API's two named ones, and none. Delays in seconds. */
export const RETRY_PRESETS: readonly { name: string; delays: number[] }[] = [
  { name: t`Default`, delays: [30, 300, 1800, 7200] },
  { name: t`Growing`, delays: [300, 900, 3600, 14_400, 43_200] },
  { name: t`No retries`, delays: [] },
];
