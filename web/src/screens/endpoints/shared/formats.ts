import type { Format } from '../../../api/types';

/** What a receiver gets in each format, in a line. */
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

/** Retry schedules to choose from: the two that the API has names for, and none at all. Waits in seconds. */
export const RETRY_PRESETS: readonly { name: string; waits: number[] }[] = [
  { name: 'Default', waits: [30, 300, 1800, 7200] },
  { name: 'Growing', waits: [300, 900, 3600, 14_400, 43_200] },
  { name: 'No retries', waits: [] },
];
