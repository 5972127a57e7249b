import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { DATABASE_WIDE } from '../process/database-wide';
import type { KeyRing } from '../store/db/crypto';
import type { Executor } from '../store/db/database';
import { REPORT_INTERVAL_MS, reportKeyUse, SEAL_BUDGET } from '../store/db/master-key-use';
import type { Cleanups } from './cleanups';

/** A quarter of the budget leaves years for a rotation at usual rates. */
const WARN_AT = SEAL_BUDGET / 4;
const WARN_INTERVAL_MS = 3_600_000;

interface Deps {
  db: Executor;
  keys: KeyRing;
  registry: Registry;
  log: Pick<Logger, 'warn'>;
}

/**
 * Reports every 10 s that this process seals with its master key, and how often it did. Warns once
 * an hour when a quarter of the budget of the key is used.
 */
export function reportKeyUseRegularly({ db, keys, registry, log }: Deps, cleanups: Cleanups): void {
  const gauge = new Gauge({
    name: 'signpost_master_key_seals',
    help: `Values sealed with the current master key by all processes, of 4294967296 (2^32) that are safe. ${DATABASE_WIDE}`,
    registers: [registry],
  });
  let unreported = 0;
  let warnedAt = -Infinity;
  async function report(): Promise<void> {
    unreported += keys.takeSeals();
    const reporting = unreported;
    const seals = await reportKeyUse(db, keys, reporting);
    unreported -= reporting;
    gauge.set(seals);
    if (seals < WARN_AT || performance.now() - warnedAt < WARN_INTERVAL_MS) return;
    warnedAt = performance.now();
    log.warn(
      { seals, budget: SEAL_BUDGET, keyId: keys.keyId },
      'the master key has sealed a quarter of what is safe; rotate it (signpost keys rotate)',
    );
  }
  let running: Promise<void> | undefined;
  // A failure is that of Postgres, which others log. The seals are reported next time.
  const run = () =>
    (running ??= report()
      .catch(() => undefined)
      .finally(() => (running = undefined)));
  void run();
  const timer = setInterval(() => void run(), REPORT_INTERVAL_MS);
  cleanups.add(async () => {
    clearInterval(timer);
    await running;
    await run();
  });
}
