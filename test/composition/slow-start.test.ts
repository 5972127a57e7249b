import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { TransformPool, TURN_TIMEOUT_MS } from '../../src/composition/transform-pool';
import { ComposerBusyError } from '../../src/domain/composing';
import { createMetrics } from '../../src/process/metrics';
import { tempDir } from '../support/service';

/** Processes for transforms that take long to start, as on a busy machine. */
let pool: TransformPool | undefined;
afterEach(() => pool?.close());

/** @param startMs - how long a process takes to start */
function startPool(startMs: number): TransformPool {
  const childFile = path.join(tempDir(), 'child.js');
  writeFileSync(
    childFile,
    `process.on('message', ({ id }) => {
       process.send({ id, reply: { kind: 'value', text: '1' } });
       process.send({ id, quiet: true });
     });
     setTimeout(() => process.send({ id: 0, quiet: true }), ${startMs});`,
  );
  const log = pino({ level: 'silent' });
  return new TransformPool({ kind: 'dry-run', processes: 1, maxWaiting: 10, metrics: createMetrics(), log, childFile });
}
const run = (withinMs: number) =>
  pool!.run({ kind: 'parse', expressions: ['1'] }, { customer: 'c', subscription: 's' }, withinMs);

it('a process that takes longer to start than evaluations may wait for their turn refuses nothing', async () => {
  pool = startPool(TURN_TIMEOUT_MS + 500);
  expect(await run(60_000)).toMatchObject({ text: '1' });
});

it('a process that does not start within the time of the call refuses it', async () => {
  pool = startPool(9000);
  await expect(run(1000)).rejects.toThrow(ComposerBusyError);
});
