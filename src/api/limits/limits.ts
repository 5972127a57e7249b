import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../../domain/problems';
import type { LimitMetrics } from '../../process/limit-metrics';

/** How much each limit allows in its window. */
export interface LimitSettings {
  events: number;
  requests: number;
  customerRequests: number;
  challenges: number;
  triggers: number;
  dryRuns: number;
  setUps: number;
  resumes: number;
  schemas: number;
  /** In MiB. */
  largeBodies: number;
}

interface Limit {
  /** In the headers and metrics. */
  name: string;
  points: number;
  seconds: number;
  /** For the problem's detail, where it follows "Too many". */
  noun: string;
}

/**
 * Challenges to one subscription in a minute: each is a request to an address that a customer
 * chose.
 */
const CHALLENGES_PER_SUBSCRIPTION = 10;
/** Each is a row, also while nobody looks at the inbox. */
const PLAY_REQUESTS = 120;
const FAILED_SIGN_INS = 20;
/** More than for sign-ins: a program with a wrong key is a mistake more often than an attack. */
const FAILED_CREDENTIALS = 300;

const BURST_SECONDS = 10;
const MINUTE_SECONDS = 60;
const KIB_PER_MIB = 1024;

function limitsOf(settings: LimitSettings) {
  return {
    events: { name: 'events', points: settings.events, seconds: BURST_SECONDS, noun: 'events with this credential' },
    requests: {
      name: 'requests',
      points: settings.requests,
      seconds: BURST_SECONDS,
      noun: 'requests with this credential',
    },
    customerRequests: {
      name: 'customer-requests',
      points: settings.customerRequests,
      seconds: BURST_SECONDS,
      noun: 'requests of this customer',
    },
    challenges: {
      name: 'challenges',
      points: settings.challenges,
      seconds: MINUTE_SECONDS,
      noun: 'challenges for this customer',
    },
    subscriptionChallenges: {
      name: 'subscription-challenges',
      points: CHALLENGES_PER_SUBSCRIPTION,
      seconds: MINUTE_SECONDS,
      noun: 'challenges for this subscription',
    },
    triggers: {
      name: 'triggers',
      points: settings.triggers,
      seconds: MINUTE_SECONDS,
      noun: 'triggers for this customer',
    },
    dryRuns: {
      name: 'dry-runs',
      points: settings.dryRuns,
      seconds: MINUTE_SECONDS,
      noun: 'dry runs for this customer',
    },
    setUps: { name: 'set-ups', points: settings.setUps, seconds: MINUTE_SECONDS, noun: 'set-ups of this customer' },
    resumes: {
      name: 'resumes',
      points: settings.resumes,
      seconds: MINUTE_SECONDS,
      noun: 'resumed activity streams',
    },
    schemas: {
      name: 'schemas',
      points: settings.schemas,
      seconds: MINUTE_SECONDS,
      noun: 'schemas of this product or credential',
    },
    largeBodies: {
      name: 'large-bodies',
      points: settings.largeBodies * KIB_PER_MIB,
      seconds: BURST_SECONDS,
      noun: 'KiB of large requests and responses of this product, customer or credential',
    },
    playRequests: {
      name: 'play-requests',
      points: PLAY_REQUESTS,
      seconds: MINUTE_SECONDS,
      noun: 'requests to this inbox',
    },
    failedSignIns: {
      name: 'failed-sign-ins',
      points: FAILED_SIGN_INS,
      seconds: MINUTE_SECONDS,
      noun: 'invalid credentials from this address',
    },
    failedCredentials: {
      name: 'failed-credentials',
      points: FAILED_CREDENTIALS,
      seconds: MINUTE_SECONDS,
      noun: 'invalid credentials from this address',
    },
  } satisfies Record<string, Limit>;
}

export type LimitName = keyof ReturnType<typeof limitsOf>;

/**
 * The limits of one process on what a credential, customer, subscription or address may request.
 * Each key has its own allowance, which is full again when the window that began with its first use
 * ends.
 */
export class Limits {
  private readonly limits: Record<LimitName, Limit>;
  private readonly limiters: Record<LimitName, RateLimiterMemory>;

  constructor(
    settings: LimitSettings,
    private readonly metrics: LimitMetrics,
  ) {
    this.limits = limitsOf(settings);
    this.limiters = Object.fromEntries(
      Object.entries<Limit>(this.limits).map(([name, { points, seconds }]) => [
        name,
        new RateLimiterMemory({ points, duration: seconds }),
      ]),
    ) as Record<LimitName, RateLimiterMemory>;
  }

  /**
   * Takes points from an allowance.
   *
   * @param key - whose allowance: the id of a credential, customer or subscription, or an address
   * @returns the response headers that report what is left
   * @throws Problem too-many-requests if too little is left; then nothing is taken
   */
  async admit(name: LimitName, key: string, points = 1): Promise<Record<string, string>> {
    try {
      return this.headers(name, await this.limiters[name].consume(key, points));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const now = await this.limiters[name].reward(key, points);
      throw this.refused(name, now);
    }
  }

  /** Takes points for what has been done already, also beyond what is left. */
  async charge(name: LimitName, key: string, points: number): Promise<void> {
    await this.limiters[name].penalty(key, points);
  }

  private refused(name: LimitName, now: RateLimiterRes): Problem {
    const { points, seconds, noun } = this.limits[name];
    this.metrics.limitRefused.inc({ limit: this.limits[name].name });
    const retryAfterSeconds = Math.max(1, Math.ceil(now.msBeforeNext / 1000));
    return new Problem(
      'too-many-requests',
      `Too many ${noun}: at most ${points} in ${seconds} seconds. Retry after ${retryAfterSeconds} seconds.`,
      { headers: { ...this.headers(name, now), 'retry-after': String(retryAfterSeconds) } },
    );
  }

  /** As in draft-ietf-httpapi-ratelimit-headers. */
  private headers(name: LimitName, { remainingPoints, msBeforeNext }: RateLimiterRes): Record<string, string> {
    const limit = this.limits[name];
    return {
      'ratelimit-policy': `"${limit.name}";q=${limit.points};w=${limit.seconds}`,
      ratelimit: `"${limit.name}";r=${remainingPoints};t=${Math.ceil(msBeforeNext / 1000)}`,
    };
  }
}
