import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { KeyUse } from '../../store/db/master-key-use';
import type { Rotation } from '../../store/rotation/rotate';
import type { SealedCount } from '../../store/rotation/reseal';
import { CliError, EXIT } from '../../../cli/src/exit-codes';
import { fields, table } from '../../../cli/src/output';
import type { Session } from '../../../cli/src/session';
import { withMasterKeys, type MasterKeys } from '../master-keys';

const PROGRESS_INTERVAL_MS = 1000;
/** A process that stopped counts as sealing for 30 s after its last report. */
const WAIT_MS = 45_000;
const WAIT_STEP_MS = 1000;

const ENVIRONMENT = `
Reads DATABASE_URL, SIGNPOST_MASTER_KEY and SIGNPOST_MASTER_KEY_PREVIOUS, as the
service does. Without DATABASE_URL, it uses the embedded Postgres that runs in
.signpost/ (SIGNPOST_DATA_DIR). Runbook: docs/operators/key-rotation.md`;

/** Adds the `keys` commands about the master key. */
export function addMasterKey(keys: Command, session: Session): void {
  keys
    .command('show')
    .description('Show which master key sealed the stored values, and how many each')
    .addHelpText('after', ENVIRONMENT)
    .action(async () => {
      const shown = await withMasterKeys(session.io.env, show);
      session.print(shown, () => format(shown));
    });

  keys
    .command('rotate')
    .description('Seal every stored value of the previous master key with the current one')
    .addHelpText('after', ENVIRONMENT)
    .action(async () => {
      const { previousKeyId, keyId, ...rotation } = await withMasterKeys(session.io.env, (use) => rotate(use, session));
      session.print({ keyId, previousKeyId, ...rotation }, () => verdict(rotation));
      if (rotation.removableAt !== null) return;
      throw new CliError(
        EXIT.failed,
        `${rotation.left} values still need the previous master key ${previousKeyId}. Keep SIGNPOST_MASTER_KEY_PREVIOUS, and run the command again.`,
      );
    });
}

interface Shown {
  keyId: string;
  previousKeyId: string | null;
  keys: (Omit<KeyUse, 'isSealing'> & { values: number })[];
  values: SealedCount[];
}

async function show({ db, keys }: MasterKeys): Promise<Shown> {
  const { listKeyUse } = await import('../../store/db/master-key-use.js');
  const { countSealed } = await import('../../store/rotation/reseal.js');
  const [used, values] = [await listKeyUse(db), await countSealed(db)];
  const ids = new Set([...used, ...values].map(({ keyId }) => keyId));
  const valuesOf = (id: string) => values.reduce((sum, each) => sum + (each.keyId === id ? each.values : 0), 0);
  return {
    keyId: keys.keyId,
    previousKeyId: keys.previousKeyId ?? null,
    keys: [...ids].map((keyId) => {
      const { seals = 0, seenAt = null, retiredAt = null } = used.find((each) => each.keyId === keyId) ?? {};
      return { keyId, seals, seenAt, retiredAt, values: valuesOf(keyId) };
    }),
    values,
  };
}

function format({ keyId, previousKeyId, keys, values }: Shown): string {
  const roleOf = (id: string) => (id === keyId ? 'current' : id === previousKeyId ? 'previous' : 'not given');
  return [
    table(keys, 'No key has been used yet.', {
      key: (key) => key.keyId,
      role: (key) => roleOf(key.keyId),
      values: (key) => key.values,
      seals: (key) => key.seals,
      'last sealing': (key) => key.seenAt?.toISOString(),
      retired: (key) => key.retiredAt?.toISOString(),
    }),
    '',
    table(values, 'No value is sealed.', {
      values: (row) => row.place,
      key: (row) => row.keyId,
      number: (row) => row.values,
    }),
  ].join('\n');
}

type Outcome = Rotation & { keyId: string; previousKeyId: string };

async function rotate({ db, keys }: MasterKeys, session: Session): Promise<Outcome> {
  const { previousKeyId } = keys;
  if (previousKeyId === undefined)
    throw new CliError(
      EXIT.usage,
      'SIGNPOST_MASTER_KEY_PREVIOUS is not set. Set it to the key whose values SIGNPOST_MASTER_KEY is to seal.',
    );
  const { rotate: run, beginRotation } = await import('../../store/rotation/rotate.js');
  await whenNobodySeals(session, () => beginRotation(db, keys), previousKeyId);
  let notedAt = -Infinity;
  const rotation = await run(db, { ...keys, previousKeyId }, (done, total) => {
    if (done < total && performance.now() - notedAt < PROGRESS_INTERVAL_MS) return;
    notedAt = performance.now();
    session.note(`${done} of ${total}`);
  });
  return { keyId: keys.keyId, previousKeyId, ...rotation };
}

async function whenNobodySeals(session: Session, begin: () => Promise<boolean>, previousKeyId: string): Promise<void> {
  const until = performance.now() + WAIT_MS;
  for (let noted = false; !(await begin()); noted = true) {
    if (!noted) session.note('waiting: a process sealed with the previous master key less than 30 s ago');
    if (performance.now() > until)
      throw new CliError(
        EXIT.failed,
        `A process still seals with master key ${previousKeyId}. Start every process with the new key as SIGNPOST_MASTER_KEY, and this one as SIGNPOST_MASTER_KEY_PREVIOUS; then run the command again.`,
      );
    await sleep(WAIT_STEP_MS);
  }
}

function verdict({ resealed, total, left, unreadable, removableAt }: Omit<Outcome, 'keyId' | 'previousKeyId'>): string {
  return [
    fields({ 'sealed again': resealed, 'of the previous key': total, left }),
    ...unreadable.map(({ place, id }) => `cannot be opened: ${place} ${id}`),
    ...(removableAt === null
      ? []
      : [
          'No stored value needs the previous master key.',
          `Remove SIGNPOST_MASTER_KEY_PREVIOUS after ${removableAt.toISOString()}. Until then it keeps access tokens and portal links valid.`,
        ]),
  ].join('\n');
}
