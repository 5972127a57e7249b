import { deleteExpiredIdempotencyKeys } from '../store/access/idempotency';
import { deleteExpiredPortalSessions } from '../store/access/portal-sessions';
import { deleteExpiredRefreshTokens } from '../store/access/refresh-tokens';
import { deleteExpiredSessions } from '../store/access/sessions';
import { ensurePartitions, reportMoved } from '../store/db/partitions';
import { deleteOldActivity } from '../store/reporting/activity';
import { sealPlainSettings } from '../store/subscriptions/seal-plain-settings';
import { applyRetention } from '../store/retention/apply';
import { summariseDays } from '../store/retention/day-summaries';
import { noteRun } from '../store/retention/status';
import type { ActivityDeps } from './deps';

/** Retention of changes for the activity stream, which goes back 24 hours. */
const ACTIVITY_RETENTION_SECONDS = 2 * 86_400;

/** Part of {@link ActivityDeps} that maintenance uses. */
type Deps = Pick<ActivityDeps, 'db' | 'maintenanceDb' | 'sealer' | 'retention' | 'log'>;

/**
 * Creates the activity `maintain`. Every step may be repeated. Partitions come first: without them,
 * new rows would go to the default partitions.
 */
export function createMaintain(deps: Deps): () => Promise<void> {
  // Temporal runs the activity again when it takes longer than expected.
  let running: Promise<void> | undefined;
  return () => (running ??= maintain(deps).finally(() => (running = undefined)));
}

async function maintain({ db, maintenanceDb, sealer, retention, log }: Deps): Promise<void> {
  const changes = await ensurePartitions(maintenanceDb);
  reportMoved(changes, log);
  await deleteExpiredIdempotencyKeys(db);
  await deleteExpiredSessions(db);
  await deleteExpiredPortalSessions(db);
  await deleteExpiredRefreshTokens(db);
  await deleteOldActivity(db, ACTIVITY_RETENTION_SECONDS);
  const sealed = await sealPlainSettings(maintenanceDb, sealer);
  if (sealed > 0) log.info({ subscriptions: sealed }, 'settings of subscriptions were sealed or cleared');
  const run = await applyRetention(maintenanceDb, retention, Date.now());
  await noteRun(db, run);
  if (run.dropped.length + run.rewritten.length > 0) log.info(run, 'retention removed what has expired');
  await summariseDays(maintenanceDb, Date.now());
  // Temporal runs the activity again, which does what is left.
  if (changes.contended !== undefined) throw changes.contended;
  if (run.postponed !== null) throw new Error(`${run.postponed} is locked; retention continues when it is not`);
}
