import { Registry } from 'prom-client';
import { registerRetentionMetrics } from '../../src/process/retention-metrics';

it('shows the partitions of each table, and reads them once for all gauges', async () => {
  const registry = new Registry();
  let reads = 0;
  registerRetentionMetrics(registry, async () => {
    reads += 1;
    return [{ table: 'events', partitions: 105, ahead: 14, rowsInDefault: 3 }];
  });
  const text = await registry.metrics();
  expect(text).toContain('signpost_partitions{table="events"} 105');
  expect(text).toContain('signpost_partitions_ahead{table="events"} 14');
  expect(text).toContain('signpost_default_partition_rows{table="events"} 3');
  expect(reads).toBe(1);
});
