import { z } from 'zod';
import type { DeploymentVersion } from '../domain/deployment';
import { setting, type Setting } from './setting';

/** Settings of Worker Deployment Versioning: both are set, or neither. */
export const DEPLOYMENT_SETTINGS = {
  SIGNPOST_DEPLOYMENT_NAME: setting(
    z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .optional(),
    {
      default: 'none: workers are not versioned',
      expected: '1 to 100 letters, digits, `-` and `_`',
      meaning:
        'Worker Deployment of Temporal that this process belongs to. Its workers get tasks only after somebody has made their build the current version. Needs `SIGNPOST_BUILD_ID`.',
    },
  ),
  SIGNPOST_BUILD_ID: setting(
    z
      .string()
      .regex(/^[\w.-]{1,100}$/)
      .optional(),
    {
      default: 'none',
      expected: '1 to 100 letters, digits, `.`, `-` and `_`',
      meaning: 'Build ID of this process within its Worker Deployment, such as the tag of the image.',
    },
  ),
} satisfies Record<string, Setting<unknown>>;

interface DeploymentValues {
  SIGNPOST_DEPLOYMENT_NAME?: string;
  SIGNPOST_BUILD_ID?: string;
}

/** @returns undefined if workers are not versioned */
export function deploymentOf(values: DeploymentValues): DeploymentVersion | undefined {
  const { SIGNPOST_DEPLOYMENT_NAME: deploymentName, SIGNPOST_BUILD_ID: buildId } = values;
  return deploymentName === undefined || buildId === undefined ? undefined : { deploymentName, buildId };
}
