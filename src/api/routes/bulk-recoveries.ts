import { z } from 'zod';
import { MAX_RECOVERED, RECOVERY_ACTIONS } from '../../domain/recovery';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { RECOVERY_PROBLEMS, startRecovery } from '../notifications/start-recovery';
import type { RecoveryControl } from '../ports';
import { bulkRate, recoveryFilterInput, recoverySchema } from '../schemas/recovery-schemas';

const body = z.strictObject({
  action: z.enum(RECOVERY_ACTIONS).default('retry').describe('What to do with the notifications that match.'),
  filter: recoveryFilterInput,
  ratePerSecond: bulkRate,
  dryRun: z.boolean().default(false).describe('Only counts the notifications that match.'),
});

const dryRun = z.object({
  count: z.int().min(0).describe(`Number of notifications that match, at most ${MAX_RECOVERED}.`),
  exceeded: z.boolean().describe('Whether more match than one recovery may process.'),
});

/** Retrying or cancelling what matches a filter, in the background. */
export function bulkRecoveryRoutes(control: RecoveryControl): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/recoveries',
      summary: 'Retry or cancel all notifications that match a filter',
      description: `Runs in the background until it is completed or cancelled, and survives restarts of the service. Customers take turns, each in order of acceptance. Processes at most ${MAX_RECOVERED} notifications. With \`dryRun\`, counts them and changes nothing.`,
      tag: 'Recoveries',
      roles: CUSTOMER_WRITERS,
      body,
      answers: {
        200: { description: 'The count, with `dryRun`', schema: dryRun },
        202: { description: 'The recovery was started', schema: recoverySchema },
      },
      problems: RECOVERY_PROBLEMS,
      answerIsOpen: true,
      handle: (context) => startRecovery(context, control, context.body),
    }),
  ];
}
