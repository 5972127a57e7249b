import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2020';
import { OPERATIONAL_EVENTS } from '../../../src/domain/operational-events';
import { createRecorder } from '../../../src/store/notifications/recorder';
import { raiseRecovered, raiseSecretRevealed } from '../../../src/store/operational/raising';
import { noteBacklog } from '../../../src/store/operational/states';
import { markOutOfOrder } from '../../../src/store/subscriptions/out-of-order';
import { attemptRecord } from '../../support/attempt-record';
import { DAY, OperationalEvents, RULES } from '../../support/operational-events';
import { acceptOne } from '../../support/seed';

const on = new OperationalEvents();
const { query, failing, delivered, afterFailure, publishLater, events } = on;

describe('the catalog', () => {
  const ajv = addFormats(new Ajv({ strict: false }));

  it.each(OPERATIONAL_EVENTS)('has %s with a schema and a sample that matches it', async (name) => {
    const [row] = await query<{ schema: object; sample: object; description: string; product_id: string }>(
      'select * from event_types where name = $1',
      [name],
    );
    expect(row).toMatchObject({ product_id: 'signpost', description: expect.stringMatching(/\.$/) });
    const validate = ajv.compile(row!.schema);
    expect([validate(row!.sample), validate.errors]).toEqual([true, null]);
  });

  it('describes what is published', async () => {
    await failing(7, 4 * DAY);
    await afterFailure();
    await publishLater();
    await delivered();
    await raiseRecovered(on.database.db);
    const [notification] = await acceptOne(on.database.db, on.seeded);
    await createRecorder(on.database.db)(attemptRecord(notification!, { status: 'failed' }));
    await publishLater();
    await markOutOfOrder(on.database.db, on.seeded.subscriptionId, 'gone');
    await raiseSecretRevealed(on.database.db, on.seeded.subscriptionId, { id: 'key_1', name: 'support' }, 'api');
    await noteBacklog(on.database.db, { count: 100, oldestOpenedAt: null }, RULES);
    await publishLater();
    const own = (await events()).filter(({ type }) => type.startsWith('signpost.'));
    expect(own.map(({ type }) => type).sort()).toEqual([...OPERATIONAL_EVENTS].sort());
    for (const { type, data } of own) {
      const [{ schema, sample }] = (await query<{ schema: object; sample: object }>(
        'select schema, sample from event_types where name = $1',
        [type],
      )) as [{ schema: object; sample: object }];
      const validate = ajv.compile(schema);
      expect([type, validate(data), validate.errors]).toEqual([type, true, null]);
      expect(Object.keys(data).sort()).toEqual(Object.keys(sample).sort());
    }
  });
});
