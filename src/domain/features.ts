import { Problem } from './problems';

/** Features that an operator may leave out of an installation. */
export const FEATURES = ['portal', 'product-audience', 'webhooks-by-url'] as const;
export type Feature = (typeof FEATURES)[number];

const MEANINGS: Record<Feature, string> = {
  portal: 'The portal for customers',
  'product-audience': 'A customer that gets the events of its product for every customer',
  'webhooks-by-url': 'The API of webhooks by URL',
};

/** @throws Problem feature-disabled if the installation leaves the feature out */
export function requireFeature(features: ReadonlySet<Feature>, feature: Feature): void {
  if (features.has(feature)) return;
  throw new Problem(
    'feature-disabled',
    `${MEANINGS[feature]} is disabled in this installation. An operator enables it by \`${feature}\` in SIGNPOST_FEATURES.`,
  );
}
