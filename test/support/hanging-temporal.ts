import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import { startTcpProxy, type TcpProxy } from './tcp-proxy';

/** Longest time that a call to Temporal waits for an answer, and some more. */
const RPC_MS = 11_000;
/** Calls of the API wait for their signals at most 2 s, and not for Temporal. */
export const ANSWER_MS = 9000;

/** A network to Temporal that can hang. */
export interface HangingTemporal {
  address: string;
  hang(): void;
  /** Loses what was sent to Temporal while it hung. */
  comeBack(): Promise<void>;
}

/** Registers the hooks that put a network between the processes of a cluster and Temporal. */
export function useHangingTemporal(cluster: Cluster): HangingTemporal {
  let network: TcpProxy;
  beforeEach(async () => {
    network = await startTcpProxy(`tcp://${cluster.temporal.address}`);
  });
  afterEach(() => network?.stop());
  return {
    get address() {
      return `127.0.0.1:${network.port}`;
    },
    hang: () => network.hang(),
    async comeBack() {
      await sleep(RPC_MS);
      network.cut();
      network.restore();
      await cluster.makeOverdue();
    },
  };
}

/** Expects that work ends within a time. @returns its result */
export async function withinMs<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work;
  expect(performance.now() - startedAt).toBeLessThan(limitMs);
  return result;
}
