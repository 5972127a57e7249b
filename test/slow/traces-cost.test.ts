import { readFileSync } from 'node:fs';
import { startTemporal, type RunningTemporal } from '../../src/embedded/temporal';
import { startCollector, type Collector } from '../support/collector';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { fromSetup } from '../support/environment';
import { startReceiver, type Receiver } from '../support/receiver';
import { onboard, startService, tempDir, type ServiceProcess } from '../support/service';

/**
 * What traces cost: CPU time of the service per event, with traces off and on, in turns. Time by
 * the clock would depend on what else the machine does.
 */
const ROUNDS = 4;
const EVENTS = 160;
const AT_ONCE = 16;
/** Clock ticks per second of /proc on Linux. */
const TICKS = 100;
/** A round is over when its workflows are. */
const SETTLE_MS = 1500;
jest.setTimeout(900_000);

const temporals: RunningTemporal[] = [];
let collector: Collector;
let receiver: Receiver;
const databases: TestDatabase[] = [];
const services: ServiceProcess[] = [];

afterAll(async () => {
  for (const service of services) await service.kill9();
  for (const database of databases) await database.drop();
  await receiver.close();
  await collector.close();
  for (const temporal of temporals) await temporal.stop();
});

/** CPU time of a process so far, in milliseconds. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

async function start(env: Record<string, string>) {
  const database = await createTestDatabase();
  databases.push(database);
  const temporal = await startTemporal(fromSetup('temporalCli'), tempDir(), 0);
  temporals.push(temporal);
  const service = await startService({ databaseUrl: database.url, temporalAddress: temporal.address, env });
  services.push(service);
  return { service, customer: await onboard(service, receiver.url()) };
}

async function round({ service, customer }: Awaited<ReturnType<typeof start>>): Promise<number> {
  const before = cpuMs(service.pid);
  const received = receiver.requests.length;
  for (let sent = 0; sent < EVENTS; sent += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => customer.post()));
  await receiver.waitFor(received + EVENTS, 120_000);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return (cpuMs(service.pid) - before) / EVENTS;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

it('traces cost less than the work that they show', async () => {
  collector = await startCollector();
  receiver = await startReceiver();
  const off = await start({ SIGNPOST_BURST: 'off' });
  const on = await start({
    SIGNPOST_BURST: 'off',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  });
  const costs = { off: [] as number[], on: [] as number[] };
  for (const warm of [off, on]) await round(warm);
  for (let turn = 0; turn < ROUNDS; turn++) {
    costs.off.push(await round(off));
    costs.on.push(await round(on));
  }
  const ratio = median(costs.on) / median(costs.off);
  process.stdout.write(
    `CPU per event: ${median(costs.off).toFixed(2)} ms off, ${median(costs.on).toFixed(2)} ms on, ratio ${ratio.toFixed(2)}\n`,
  );
  expect(ratio).toBeLessThan(2);
});
