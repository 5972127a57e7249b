import { Gauge, type Registry } from 'prom-client';
import type { OpenNotifications } from '../domain/open-notifications';
import { CachedReading } from './cached-reading';
import { DATABASE_WIDE } from './database-wide';

/** Registers what operators watch to find notifications that do not move. */
export function registerOpenMetrics(registry: Registry, readOpen: () => Promise<OpenNotifications>): void {
  const registers = [registry];
  const reading = new CachedReading(readOpen);
  new Gauge({
    name: 'signpost_notifications',
    help: `Open notifications, by status. Read from Postgres at most every 10 s. ${DATABASE_WIDE}`,
    labelNames: ['status'],
    registers,
    async collect() {
      for (const [status, { count }] of entriesOf(await reading.read())) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'signpost_oldest_open_seconds',
    help: `Time since the notification that has been open for longest was accepted or reopened, by status; 0 if none is open. ${DATABASE_WIDE}`,
    labelNames: ['status'],
    registers,
    async collect() {
      for (const [status, { oldestOpenedAt }] of entriesOf(await reading.read()))
        this.set({ status }, oldestOpenedAt ? Math.max(0, (Date.now() - oldestOpenedAt.getTime()) / 1000) : 0);
    },
  });
  new Gauge({
    name: 'signpost_overdue_notifications',
    help: `Notifications whose attempt has been due for more than a minute. Not 0 for long: something is stuck. ${DATABASE_WIDE}`,
    registers,
    async collect() {
      const open = await reading.read();
      if (open) this.set(open.overdue);
    },
  });
  new Gauge({
    name: 'signpost_notifications_age_seconds',
    help: 'Age of what this process read for signpost_notifications. Rises while Postgres does not answer.',
    registers,
    collect() {
      this.set(reading.ageSeconds());
    },
  });
}

const entriesOf = (open: OpenNotifications | undefined) => Object.entries(open?.byStatus ?? {});
