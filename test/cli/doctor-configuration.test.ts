import { examine } from '../../src/cli/doctor';

it('doctor reports all faults of the configuration in one line', async () => {
  const findings = await examine({ DATABASE_URL: 'postgres://127.0.0.1:1/signpost' }, false);
  expect(findings).toMatchObject([{ check: 'configuration', status: 'fail' }]);
  expect(findings[0]!.detail).toMatch(/^SIGNPOST_MASTER_KEY is not set.* SIGNPOST_ADMIN_KEY is not set/);
});
