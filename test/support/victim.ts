import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Cluster } from './cluster';
import { holdStep } from './hold-step';
import type { ServiceProcess } from './service';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';
import { until } from './until';
import { verdictOf } from './verdict';

/** When a process dies: before its statement takes effect, or after, without learning of it. */
export type When = 'before' | 'after';

/** How the notifications of a test end, and the requests that the crash repeats. */
interface Finished {
  delivered: number;
  cancelled?: number;
  duplicated: number;
}

/** A process that is killed at a named step, and the one that finishes its work. */
export interface Victim {
  /** Networks between the process that is killed and its servers. */
  networks: { postgres: TcpProxy; temporal: TcpProxy };
  /** Starts the process that will be killed. */
  start(): Promise<ServiceProcess>;
  kill(victim: ServiceProcess): Promise<void>;
  /**
   * Kills the process when a statement waits.
   *
   * @param step - see `holdStep`
   * @param act - causes the step
   */
  killAt(step: string, when: When, victim: ServiceProcess, act: () => Promise<unknown>): Promise<void>;
  /** Starts another process. Everything closes, and records and requests agree. */
  expectFinished(expected: Finished): Promise<void>;
  /** The same with the process that runs. */
  expectClosed(expected: Finished): Promise<void>;
}

/** Registers the hooks that put proxies between a process and its servers. */
export function useVictim(cluster: Cluster): Victim {
  let killedAt = 0;
  const victim: Omit<Victim, 'networks'> & Partial<Victim> = {
    start() {
      const { postgres, temporal } = (victim as Victim).networks;
      return cluster.start({ databaseUrl: postgres.url, temporalAddress: `127.0.0.1:${temporal.port}` });
    },
    async kill(service) {
      killedAt = Date.now();
      await service.kill9();
      // A proxy that hangs would hide from the servers that their client is gone.
      for (const network of Object.values((victim as Victim).networks)) network.cut();
    },
    async killAt(step, when, service, act) {
      const held = await holdStep(cluster.database, step);
      const acting = act().catch(() => undefined);
      await held.reached();
      if (when === 'before') {
        await victim.kill(service);
        await held.abort();
      } else {
        (victim as Victim).networks.postgres.loseAnswers();
        await held.release();
        await sleep(300);
        await victim.kill(service);
      }
      await acting;
    },
    async expectFinished(expected) {
      await cluster.makeOverdue();
      await cluster.start();
      await victim.expectClosed(expected);
    },
    async expectClosed({ delivered, cancelled = 0, duplicated }) {
      const database = new Client({ connectionString: cluster.database.url });
      await database.connect();
      await until(
        async () => (await database.query('select status from notifications')).rows as { status: string }[],
        (rows) =>
          rows.length === delivered + cancelled &&
          rows.every(({ status }) => ['delivered', 'failed', 'cancelled'].includes(status)),
        90_000,
      );
      const fault = { name: 'killed', begin: killedAt, end: killedAt };
      const { counts, unexplained } = await verdictOf(database, cluster.receiver.requests, [fault]);
      await database.end();
      expect(counts).toMatchObject({
        accepted: delivered + cancelled,
        delivered,
        cancelled,
        failed: 0,
        lost: 0,
        duplicated,
        recordsWithoutRequest: 0,
      });
      expect(counts.requests).toBe(counts.recorded + duplicated);
      expect(unexplained).toEqual([]);
    },
  };
  beforeEach(async () => {
    victim.networks = {
      postgres: await startTcpProxy(cluster.database.url),
      temporal: await startTcpProxy(`tcp://${cluster.temporal.address}`),
    };
  });
  afterEach(async () => {
    for (const network of Object.values(victim.networks ?? {})) await network.stop();
  });
  return victim as Victim;
}
