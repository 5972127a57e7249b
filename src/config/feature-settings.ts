import { FEATURES, type Feature } from '../domain/features';
import { list, setting } from './setting';

const isFeature = (entry: string): entry is Feature => FEATURES.some((feature) => feature === entry);

/** The setting of the features of an installation. */
export const FEATURE_SETTINGS = {
  SIGNPOST_FEATURES: setting(list(isFeature), {
    default: 'all',
    expected: `features, separated by commas: ${FEATURES.map((feature) => `\`${feature}\``).join(', ')}`,
    meaning:
      'Features that this installation has. Set but empty means none. The API refuses the others with `feature-disabled`, and the web UI hides them: `portal` is the portal for customers, `product-audience` are customers that get the events of their product for every customer, `webhooks-by-url` is the API of webhooks by URL. Customers that have an audience already keep it.',
    emptyMeansNone: true,
  }),
};

/** @param given - as in the setting; absent: all features */
export function featuresOf(given: readonly string[] | undefined): ReadonlySet<Feature> {
  return new Set(given ? given.filter(isFeature) : FEATURES);
}
