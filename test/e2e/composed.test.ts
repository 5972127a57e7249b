import { createTestDatabase, type TestDatabase } from '../support/database';
import { useReceiver } from '../support/receiver';
import { onboard } from '../support/service';
import { useService } from '../support/use-service';

/** Service definitions and transforms in the built service, set up as an operator does. */
let ledger: TestDatabase;

beforeAll(async () => {
  ledger = await createTestDatabase();
  await ledger.db.query({ text: 'create table payment (id bigint primary key, amount numeric(12, 2))' });
  await ledger.db.query({ text: 'insert into payment values (18142, 123.00)' });
});
const service = useService(() => ({ SIGNPOST_DATASOURCE_LEDGER_DB_URL: ledger.url }));
const receiver = useReceiver();
afterAll(() => ledger?.drop());

it('delivers the body that the service definition and the transform compose', async () => {
  const transform = { language: 'jsonata', expression: '{"id": id, "amount": amount, "event": $event.type}' };
  const customer = await onboard(service, receiver.url(), { format: 'flat', transform });
  const definition = {
    steps: [
      {
        kind: 'query',
        dataSource: 'ledger-db',
        sql: 'select id, amount from payment where id = :id',
        arguments: [{ name: 'id', type: 'int', from: '$data.paymentid' }],
      },
    ],
  };
  const path = `/v1/event-types/${customer.eventType}/service-definition`;
  expect(await service.call('PUT', path, definition)).toMatchObject({ status: 201 });
  await customer.post({ data: { paymentid: '18142' } });
  await receiver.waitFor(1);
  expect(receiver.requests[0]!.body).toBe(`{"id":18142,"amount":123,"event":"${customer.eventType}"}`);
});

it('prints data sources without passwords, and stops cleanly while transform processes run', async () => {
  const { password } = new URL(ledger.url);
  expect(service.output()).toContain('"dataSources":{"ledger-db":"postgres');
  if (password !== '') expect(service.output()).not.toContain(password);
  expect(await service.stop()).toBe(0);
});
