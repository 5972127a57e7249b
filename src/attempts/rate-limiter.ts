import { setTimeout as sleep } from 'node:timers/promises';
import {
  leadMs,
  LONG_WAIT_MS,
  MAX_HOLD_MS,
  rateIntervalMs,
  takeTurn,
  type RateLine,
  type Turn,
} from '../domain/rate-line';
import type { LaneVisit } from './lane-gate';
import { LinePatience } from './line-patience';
import type { Metrics } from '../process/metrics';
import { isUnavailable, type Database } from '../store/db/database';
import { GroupCommit } from '../store/db/group-commit';
import type { Claim } from '../store/notifications/claim-grace';
import { listWaiting, readLine, withoutGivenUp, writeTurns, type TurnToWrite } from '../store/subscriptions/rate-line';

/** A notification whose subscription has a rate limit. */
export interface LimitedAttempt {
  subscriptionId: string;
  notificationId: string;
  /** Its number in the line; null if it has not joined. */
  seq: number | null;
  urgent: boolean;
  ratePerSecond: number;
  reconcileAfterSeconds: number;
  /** Keeps other processes from making it at the same time, once its turn has come. */
  claim?: Claim;
  /**
   * Its place in its lane, which it has. It gives the place up while it waits for others, which
   * need one.
   */
  visit?: Pick<LaneVisit, 'withdraw' | 'comeBack'>;
}

/** An attempt that asks for its turn. */
interface AskingAttempt extends LimitedAttempt {
  /** Whether its row shows a turn already, and is written only if this one is granted. */
  again: boolean;
}

/** When the attempt may be made. */
export interface LimitedTurn {
  /** Its number. */
  seq: number;
  /** Whether that is now. If not, it has to ask again after `waitMs`. */
  granted: boolean;
  /** Of a granted turn: how long its time was waited for here. */
  waitMs: number;
  /** The time of the turn, by the clock of Postgres. */
  at: Date;
  /**
   * How many others before it have not had their turn, if it is not granted only because of them.
   */
  behind?: number;
}

export type RateLimiter = (attempt: LimitedAttempt) => Promise<LimitedTurn>;

const GROUP = { pipelines: 1, maxGatherMs: 3, maxItems: 200, isUnavailable };
/** Turns that moved back by less than a lead are waited for in the process. */
const LEADS_IN_PROCESS = 2;
/** How long an attempt asks again and again before its process lets it sleep. */
const MAX_IN_PROCESS_MS = 3000;
/**
 * An attempt whose turn has come asks again at this interval while a few others before it have not
 * had their turn: they wake at about the same time. It keeps a slot of Temporal meanwhile, so one
 * with more before it does not wait here, and this process has a maximum.
 */
const MAX_BEFORE = 16;
const MAX_BEHIND_HERE = 40;
const BEHIND_POLL_MS = 50;
/** Pause after a line was changed by another process, at most. */
const CONFLICT_PAUSE_MS = 5;

/**
 * Creates the rate limiter of this process. Requests for the same line are decided together, one
 * group at a time, so a crowd behind one limit occupies one connection. Processes share the lines
 * in Postgres.
 *
 * @param onBehind - called for a number that has to sleep, although its turn has come
 */
export function createRateLimiter(
  db: Database,
  metrics: Pick<Metrics, 'rateLimitTurns'>,
  onBehind: (subscriptionId: string) => void,
): RateLimiter {
  /** Attempts that wait here for those before them. */
  let behindHere = 0;
  const patience = new LinePatience();
  const lines = new Map<string, { group: GroupCommit<AskingAttempt, LimitedTurn>; users: number }>();

  async function ask(request: AskingAttempt): Promise<LimitedTurn> {
    const { subscriptionId } = request;
    let line = lines.get(subscriptionId);
    if (!line) {
      line = { group: new GroupCommit((requests) => decide(db, patience, subscriptionId, requests), GROUP), users: 0 };
      lines.set(subscriptionId, line);
    }
    line.users += 1;
    try {
      return (await line.group.submit([request]))[0]!;
    } finally {
      line.users -= 1;
      if (line.users === 0) lines.delete(subscriptionId);
    }
  }

  function answer(turn: LimitedTurn): LimitedTurn {
    metrics.rateLimitTurns.inc({ result: turn.granted ? 'granted' : 'waiting' });
    return turn;
  }

  return async function limit({ visit, ...attempt }) {
    const lead = leadMs(rateIntervalMs(attempt.ratePerSecond));
    let { seq } = attempt;
    let until = performance.now() + MAX_IN_PROCESS_MS;
    let staysBehind = false;
    try {
      for (let isFirst = true; ; isFirst = false) {
        const isLast = performance.now() > until;
        const turn = await ask({ ...attempt, seq, again: !isFirst && !isLast });
        ({ seq } = turn);
        if (turn.granted) {
          if (turn.waitMs > 0) await sleep(turn.waitMs);
          return answer(turn);
        }
        const isNear = turn.behind === undefined ? turn.waitMs <= LEADS_IN_PROCESS * lead : turn.behind <= MAX_BEFORE;
        if (isLast || (isFirst && !isNear)) return leave(attempt, turn, lead);
        if (!isNear) {
          until = 0;
          continue;
        }
        if (turn.behind === undefined) {
          await sleep(turn.waitMs);
          continue;
        }
        if (!staysBehind) {
          if (behindHere >= MAX_BEHIND_HERE) return leave(attempt, turn, lead);
          behindHere += 1;
          staysBehind = true;
        }
        if (!(await comesBack(visit, until))) return leave(attempt, turn, lead);
      }
    } finally {
      if (staysBehind) behindHere -= 1;
    }
  };

  /** Lets the workflow sleep. */
  function leave({ subscriptionId }: LimitedAttempt, turn: LimitedTurn, lead: number): LimitedTurn {
    if (turn.behind === undefined) return answer({ ...turn, waitMs: Math.max(0, turn.waitMs - lead) });
    onBehind(subscriptionId);
    return answer(turn);
  }
}

/** @returns whether it has a place in its lane, and may ask again */
async function comesBack(visit: LimitedAttempt['visit'], until: number): Promise<boolean> {
  visit?.withdraw();
  do await sleep(BEHIND_POLL_MS);
  while (visit && !visit.comeBack() && performance.now() < until);
  return !visit || visit.comeBack();
}

async function decide(
  db: Database,
  patience: LinePatience,
  subscriptionId: string,
  requests: readonly AskingAttempt[],
): Promise<LimitedTurn[]> {
  const ordered = requests.toSorted(byNumber);
  for (;;) {
    const { version, nowMs, ...read } = await readLine(db, subscriptionId);
    const readAt = performance.now();
    const ids = ordered.map(({ notificationId }) => notificationId);
    let from: RateLine = read;
    let plan = planTurns(from, ordered, nowMs);
    if (plan.turns.some(({ granted, atMs }) => !granted && atMs - nowMs > LONG_WAIT_MS)) {
      from = await withoutGivenUp(db, subscriptionId, read, ids);
      plan = planTurns(from, ordered, nowMs);
    }
    const since = patience.since(subscriptionId, from.frontSeq, nowMs);
    if (plan.passesOthers)
      plan = planTurns(from, ordered, nowMs, await listWaiting(db, subscriptionId, from.frontSeq, ids), since);
    const { line, turns } = plan;
    const toWrite = turns.filter(({ granted, again }) => granted || !again);
    if (toWrite.length === 0 || (await writeTurns(db, subscriptionId, version, line, toWrite))) {
      const elapsedMs = performance.now() - readAt;
      const byId = new Map(turns.map((turn) => [turn.notificationId, turn]));
      const limited = requests.filter(({ notificationId, urgent }) => byId.get(notificationId)!.granted && !urgent);
      const spaced = elapsedMs > MAX_HOLD_MS ? await spaceOut(db, subscriptionId, limited) : undefined;
      return requests.map(({ notificationId }) => {
        const { seq, granted, atMs, behind } = byId.get(notificationId)!;
        const waitMs = spaced?.get(notificationId) ?? Math.max(0, atMs - nowMs - elapsedMs);
        return { seq, granted, waitMs, at: new Date(atMs), behind };
      });
    }
    await sleep(Math.random() * CONFLICT_PAUSE_MS);
  }
}

/**
 * Spaces out turns that took long to write, because Postgres hung: the times of all of them are
 * over.
 *
 * @returns the milliseconds after which each is made
 */
async function spaceOut(
  db: Database,
  subscriptionId: string,
  granted: readonly AskingAttempt[],
): Promise<Map<string, number>> {
  for (;;) {
    const { version, nowMs, ...line } = await readLine(db, subscriptionId);
    const waits = new Map<string, number>();
    for (const { notificationId, ratePerSecond } of granted) {
      line.takenAtMs = Math.max(nowMs, (line.takenAtMs ?? 0) + rateIntervalMs(ratePerSecond));
      waits.set(notificationId, line.takenAtMs - nowMs);
    }
    if (waits.size === 0 || (await writeTurns(db, subscriptionId, version, line, []))) return waits;
    await sleep(Math.random() * CONFLICT_PAUSE_MS);
  }
}

/** In order of their numbers. The others join in order of acceptance, because ids sort by it. */
function byNumber(a: LimitedAttempt, b: LimitedAttempt): number {
  if (a.seq !== b.seq) return (a.seq ?? Infinity) - (b.seq ?? Infinity);
  return a.notificationId < b.notificationId ? -1 : 1;
}

interface TurnPlan {
  line: RateLine;
  turns: (TurnToWrite & Turn & Pick<AskingAttempt, 'again'>)[];
  /** Whether a turn is granted before a lower number has had its own. */
  passesOthers: boolean;
}

/**
 * @param waiting - the numbers that must not be passed
 * @param patientSinceMs - as for {@link takeTurn}
 */
function planTurns(
  line: RateLine,
  requests: readonly AskingAttempt[],
  nowMs: number,
  waiting: readonly number[] = [],
  patientSinceMs = -Infinity,
): TurnPlan {
  const plan: TurnPlan = { line, turns: [], passesOthers: false };
  for (const request of requests) {
    const { notificationId, reconcileAfterSeconds, claim, urgent, ratePerSecond, again } = request;
    const { frontSeq } = plan.line;
    const { line: after, turn } = takeTurn(
      plan.line,
      request,
      rateIntervalMs(ratePerSecond),
      nowMs,
      waiting,
      patientSinceMs,
    );
    plan.line = after;
    plan.passesOthers ||= turn.granted && !urgent && turn.seq > frontSeq;
    plan.turns.push({ notificationId, reconcileAfterSeconds, claim, again, ...turn });
  }
  return plan;
}
