import { Problem } from '../../domain/problems';
import type { Scope } from '../../domain/types';
import type { Database } from '../../store/db/database';
import { readOverview, type Overview, type OverviewWindow } from '../../store/reporting/overview';

/**
 * How long an overview is shared, in milliseconds. Many people watch the same one, and reload it
 * every few seconds.
 */
const FRESH_MS: Record<OverviewWindow, number> = { hour: 5000, day: 30_000 };
const MAX_SCOPES = 1000;
/** The SQLSTATE of a statement timeout. */
const QUERY_CANCELED = '57014';

/** Reads overviews. Callers with the same scope and window share one read for a few seconds. */
export class OverviewCache {
  private readonly entries = new Map<string, { overview: Promise<Overview>; until: number }>();

  constructor(private readonly db: Database) {}

  /** @throws Problem database-unavailable if the read takes too long */
  async read(scope: Scope, window: OverviewWindow): Promise<Overview> {
    const key = JSON.stringify([scope.productIds, scope.customerId, window]);
    const cached = this.entries.get(key);
    if (cached && cached.until > Date.now()) return cached.overview;
    if (this.entries.size >= MAX_SCOPES) this.entries.clear();
    const overview = this.readNow(scope, window);
    this.entries.set(key, { overview, until: Date.now() + FRESH_MS[window] });
    overview.catch(() => this.entries.delete(key));
    return overview;
  }

  private async readNow(scope: Scope, window: OverviewWindow): Promise<Overview> {
    try {
      return await readOverview(this.db, scope, window, new Date());
    } catch (error) {
      if ((error as { code?: unknown }).code !== QUERY_CANCELED) throw error;
      throw new Problem(
        'database-unavailable',
        'Reading the overview took too long. Try the window of the last hour.',
        {
          headers: { 'retry-after': '30' },
          cause: error,
        },
      );
    }
  }
}
