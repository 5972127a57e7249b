import { readFileSync } from 'node:fs';
import path from 'node:path';
import { recoverySchema } from '../../src/api/schemas/recovery-schemas';

it('the recovery that the operators page prints has the fields of the API, in their order', () => {
  const page = readFileSync(path.join(__dirname, '..', '..', 'docs', 'operators', 'operating.md'), 'utf8');
  const [, sample] = /^```json\n(\{\n {2}"id": "rec_[\s\S]*?)^```$/m.exec(page)!;
  const recovery = JSON.parse(sample!) as object;
  expect(recoverySchema.parse(recovery)).toEqual(recovery);
  expect(Object.keys(recovery)).toEqual(Object.keys(recoverySchema.shape));
});
