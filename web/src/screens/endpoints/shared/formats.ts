import type { Format } from '../../../api/types';

/** A title and a one-line description of each delivery format. */
export const FORMATS: Record<Format, { title: string; about: string }> = {
  standard: {
    title: 'Standard',
    about: 'Type, time and data in the Standard Webhooks format. Most languages have a library that verifies it.',
  },
  envelope: {
    title: 'Envelope',
    about: 'The payload, its exact text and its signature, all in the body.',
  },
  trigger: {
    title: 'Trigger',
    about: 'Your custom data with the event inside, and a signed token (JWT) in the Authorization header.',
  },
  flat: {
    title: 'Flat',
    about: 'The fields of the event and the shared secret, side by side at the top level.',
  },
};

/** Retry schedules to choose from: the API's two named ones, and none. Delays in seconds. */
export const RETRY_PRESETS: readonly { name: string; delays: number[] }[] = [
  { name: 'Default', delays: [30, 300, 1800, 7200] },
  { name: 'Growing', delays: [300, 900, 3600, 14_400, 43_200] },
  { name: 'No retries', delays: [] },
];
