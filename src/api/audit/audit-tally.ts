import type { Logger } from 'pino';
import { insertAudits, type AuditRecord } from '../../store/access/audit';
import type { Executor } from '../../store/db/database';
import { networkOf } from '../limits/client-address';

const WRITE_EVERY_MS = 1000;
const WINDOW_MS = 60_000;
/** Different entries of one actor and action in a window; further ones are combined. */
const MAX_OF_ACTOR = 20;
/**
 * Combined entries of one actor and action in a window, one for each address and owner of the
 * objects: who floods the log hides neither where others come from, nor whose objects they read.
 */
const MAX_COMBINED = 60;
/** Different entries of all actors in a window. */
const MAX_ENTRIES = 500;
/** The object of a combined entry, and its actor if that is combined as well. */
export const SEVERAL = 'several';

interface Line {
  record: AuditRecord;
  group: string;
  /** Occurrences that are not written yet. */
  pending: number;
  /** Undefined before the first write. */
  writtenAtMs: number | undefined;
}

/**
 * Collects what may happen often and changes nothing in Postgres: refusals, token issues, reads of
 * payloads. The first occurrence is written within a second. Equal ones that follow within a minute
 * are counted, and written as one more entry at its end. So the audit log grows by a bounded number
 * of entries a minute, whatever callers do.
 *
 * The states of a line: new → written → (pending → written)… → removed after a minute without
 * further occurrences.
 */
export class AuditTally {
  private readonly lines = new Map<string, Line>();
  private readonly linesOfGroup = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly db: Executor,
    private readonly log?: Pick<Logger, 'warn'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Begins to write what is due every second. */
  start(): void {
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  note(record: AuditRecord): void {
    const { actor, action, object, detail } = record;
    const group = JSON.stringify([actor.id, action]);
    const key = JSON.stringify([actor.id, action, actor.address, object, detail]);
    const line = this.lineOf(key, group, MAX_OF_ACTOR, record) ?? this.combined(group, record);
    line.pending += 1;
  }

  /** @returns undefined if there is no room for a new line */
  private lineOf(key: string, group: string, maxOfGroup: number, record: AuditRecord): Line | undefined {
    const found = this.lines.get(key);
    if (found) return found;
    const ofGroup = this.linesOfGroup.get(group) ?? 0;
    if (ofGroup >= maxOfGroup || this.lines.size >= MAX_ENTRIES) return undefined;
    return this.add(key, group, record);
  }

  /**
   * The line of what has no line of its own: of the address and the owner, or else of the actor, or
   * else of all actors.
   */
  private combined(group: string, { actor, action, customerId, productId }: AuditRecord): Line {
    const network = networkOf(actor.address);
    const ofPlace = { actor: { ...actor, address: network }, action, object: SEVERAL, customerId, productId };
    const place = JSON.stringify([group, network, customerId, productId]);
    const ofActor = { actor: { ...actor, address: null }, action, object: SEVERAL };
    const key = JSON.stringify([group, SEVERAL]);
    const line =
      this.lineOf(place, `${group} combined`, MAX_COMBINED, ofPlace) ?? this.lineOf(key, `${group} rest`, 1, ofActor);
    if (line) return line;
    const all = JSON.stringify([SEVERAL, action]);
    const nobody = { id: SEVERAL, name: SEVERAL, productId: null, customerId: null };
    return (
      this.lines.get(all) ?? this.add(all, all, { ...ofActor, actor: { ...ofActor.actor, ...nobody }, object: SEVERAL })
    );
  }

  private add(key: string, group: string, record: AuditRecord): Line {
    const line: Line = { record, group, pending: 0, writtenAtMs: undefined };
    this.lines.set(key, line);
    this.linesOfGroup.set(group, (this.linesOfGroup.get(group) ?? 0) + 1);
    return line;
  }

  /** Writes what is due. What cannot be written is written later. */
  write(): Promise<void> {
    return (this.writing ??= this.writeDue(false).finally(() => (this.writing = undefined)));
  }

  private async writeDue(all: boolean): Promise<void> {
    const nowMs = this.now();
    const isOver = ({ writtenAtMs }: Line) => writtenAtMs === undefined || nowMs - writtenAtMs >= WINDOW_MS;
    const due = [...this.lines.values()].filter((line) => line.pending > 0 && (all || isOver(line)));
    for (const [key, line] of this.lines) if (line.pending === 0 && isOver(line)) this.remove(key, line);
    if (due.length === 0) return;
    const written = due.map(({ record, pending }) => ({ ...record, occurrences: pending }));
    try {
      await insertAudits(this.db, written);
    } catch (error) {
      this.log?.warn({ err: error }, 'refusals and reads were not recorded in the audit log; retrying');
      return;
    }
    for (const [index, line] of due.entries()) {
      line.pending -= written[index]!.occurrences;
      line.writtenAtMs = nowMs;
    }
  }

  private remove(key: string, { group }: Line): void {
    this.lines.delete(key);
    const left = this.linesOfGroup.get(group)! - 1;
    if (left === 0) this.linesOfGroup.delete(group);
    else this.linesOfGroup.set(group, left);
  }

  /** Writes everything that is left. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    await this.writeDue(true);
  }
}
