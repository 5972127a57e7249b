import { Problem } from './problems';

/** Features that an operator may leave out of an installation. */
export const OPTIONAL_FEATURES = ['portal', 'product-audience', 'webhooks-by-url'] as const;
/** Features that an installation may have. `play` has a setting of its own. */
export const FEATURES = [...OPTIONAL_FEATURES, 'play'] as const;
export type Feature = (typeof FEATURES)[number];

const MEANINGS: Record<Feature, string> = {
  portal: 'The portal for customers',
  'product-audience': 'A customer that gets the events of its product for every customer',
  'webhooks-by-url': 'The API of webhooks by URL',
  play: 'Play, the test receiver,',
};
const enabledBy = (feature: Feature) =>
  feature === 'play' ? '`SIGNPOST_PLAY=on`' : `\`${feature}\` in SIGNPOST_FEATURES`;

/** @throws Problem feature-disabled if the installation leaves the feature out */
export function requireFeature(features: ReadonlySet<Feature>, feature: Feature): void {
  if (features.has(feature)) return;
  throw new Problem(
    'feature-disabled',
    `${MEANINGS[feature]} is disabled in this installation. An operator enables it by ${enabledBy(feature)}.`,
  );
}
