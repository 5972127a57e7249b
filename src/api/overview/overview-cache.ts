import { Problem } from '../../domain/problems';
import type { Scope } from '../../domain/types';
import type { Database } from '../../store/db/database';
import { readOverview, type Overview, type OverviewWindow } from '../../store/reporting/overview';

/** How long what was read is shown to others who see the same, in milliseconds: many look at it, and again every few seconds. */
const FRESH_MS: Record<OverviewWindow, number> = { hour: 5000, day: 30_000 };
const MAX_SCOPES = 1000;
const QUERY_CANCELED = '57014';

/** Reads overviews, each once for all who ask within seconds. */
export class OverviewCache {
  private readonly kept = new Map<string, { overview: Promise<Overview>; until: number }>();

  constructor(private readonly db: Database) {}

  /** @throws Problem database-unavailable where it takes too long */
  async read(scope: Scope, window: OverviewWindow): Promise<Overview> {
    const key = JSON.stringify([scope.productId, scope.customerId, window]);
    const known = this.kept.get(key);
    if (known && known.until > Date.now()) return known.overview;
    if (this.kept.size >= MAX_SCOPES) this.kept.clear();
    const overview = this.readNow(scope, window);
    this.kept.set(key, { overview, until: Date.now() + FRESH_MS[window] });
    overview.catch(() => this.kept.delete(key));
    return overview;
  }

  private async readNow(scope: Scope, window: OverviewWindow): Promise<Overview> {
    try {
      return await readOverview(this.db, scope, window, new Date());
    } catch (error) {
      if ((error as { code?: unknown }).code !== QUERY_CANCELED) throw error;
      throw new Problem('database-unavailable', 'The overview took too long to read. Try the last hour.', {
        headers: { 'retry-after': '30' },
        cause: error,
      });
    }
  }
}
