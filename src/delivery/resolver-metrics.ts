import { Counter, Gauge, type Registry } from 'prom-client';
import type { Resolver } from './resolver';

/** Registers the metrics of the name look-ups of a process. */
export function countLookups(registry: Registry): { refused(): void; observe(resolver: Resolver): void } {
  const registers = [registry];
  const refused = new Counter({
    name: 'signpost_dns_lookups_refused_total',
    help: 'Name look-ups refused because too many of the customer, or of the process, were waiting.',
    registers,
  });
  return {
    refused: () => refused.inc(),
    observe(resolver) {
      new Gauge({
        name: 'signpost_dns_lookups',
        help: 'Name look-ups in progress in this process.',
        registers,
        collect() {
          this.set(resolver.inUse);
        },
      });
      new Gauge({
        name: 'signpost_dns_lookups_waiting',
        help: 'Name look-ups of this process that wait for others of their customer, or of the process.',
        registers,
        collect() {
          this.set(resolver.waiting);
        },
      });
    },
  };
}
