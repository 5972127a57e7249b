import { z } from 'zod';
import { OPTIONAL_FEATURES, type Feature } from '../domain/features';
import { list, setting } from './setting';

const isFeature = (entry: string): entry is Feature => OPTIONAL_FEATURES.some((feature) => feature === entry);

/** The setting of the features of an installation. */
export const FEATURE_SETTINGS = {
  SIGNPOST_FEATURES: setting(list(isFeature), {
    default: 'all',
    expected: `features, separated by commas: ${OPTIONAL_FEATURES.map((feature) => `\`${feature}\``).join(', ')}`,
    meaning:
      'Features that this installation has. Set but empty means none. The API refuses the others with `feature-disabled`, and the web UI hides them: `portal` is the portal for customers, `product-audience` are customers that get the events of their product for every customer, `webhooks-by-url` is the API of webhooks by URL. Customers that have an audience already keep it.',
    emptyMeansNone: true,
  }),
  SIGNPOST_PLAY: setting(z.enum(['on', 'off']).optional(), {
    default: '`on` with embedded Postgres on a loopback host, otherwise `off`',
    expected: '`on` or `off`',
    meaning:
      'Whether this installation has Play, the test receiver. Set it equally for all processes. Deliveries to an inbox of Play never leave the process, so the address guard stays as it is.',
  }),
};

/**
 * @param given - as in the setting; absent: all features
 * @param play - whether Play is on
 */
export function featuresOf(given: readonly string[] | undefined, play: boolean): ReadonlySet<Feature> {
  return new Set<Feature>([
    ...(given ? given.filter(isFeature) : OPTIONAL_FEATURES),
    ...(play ? ['play' as const] : []),
  ]);
}
