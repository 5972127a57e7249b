import type { Request, Response } from 'express';
import { sha256 } from '../../domain/sha256';
import type { Principal } from '../../domain/types';
import { insertAudit } from '../../store/access/audit';
import {
  endSession,
  findSession,
  insertSession,
  type NewSession,
  type Session,
  type SessionRules,
} from '../../store/access/sessions';
import type { Sealer } from '../../store/db/crypto';
import type { Database, Executor } from '../../store/db/database';
import { actorOf } from '../http/caller';
import { clientAddress } from '../limits/client-address';
import { randomToken, sessionTokenOf, setSessionCookie, type CookieRules, type SessionKind } from './session-cookie';

/** Longer texts of browsers are cut. */
const MAX_USER_AGENT_LENGTH = 300;

/** Who signs in, and how. */
export type SignIn = Pick<NewSession, 'credential' | 'person' | 'authenticatedAt'> & {
  principal: Principal;
  kind: SessionKind;
  /** When the credential ends; absent if it does not. */
  endsAt?: Date;
  /** Id of the session that this one replaces. */
  replaces?: string;
};

/** A session and the kind of its cookie. */
export interface CurrentSession {
  session: Session;
  kind: SessionKind;
}

interface Deps {
  db: Database;
  sealer: Sealer;
  rules: SessionRules;
  lifeSeconds: number;
  usesHttps(): boolean;
  /** Whether pages of other sites may show the portal in a frame. */
  portalIsFramed: boolean;
}

/** Begins and ends the sessions of browsers: rows of the database, and their cookies. */
export class BrowserSessions {
  readonly rules: SessionRules;

  constructor(private readonly deps: Deps) {
    this.rules = deps.rules;
  }

  /**
   * Begins a session with a new id and token, and ends the one it replaces: an id that somebody
   * knew before the sign-in is worth nothing afterwards.
   */
  async begin(request: Request, response: Response, signIn: SignIn): Promise<Session> {
    const { db, sealer, lifeSeconds } = this.deps;
    const { kind, replaces, endsAt, ...proven } = signIn;
    const expiresAtMs = Math.min(Date.now() + lifeSeconds * 1000, endsAt?.getTime() ?? Infinity);
    const address = clientAddress(request);
    const made = {
      ...proven,
      csrfToken: randomToken(),
      expiresAt: new Date(expiresAtMs),
      address,
      userAgent: (request.get('user-agent') ?? '').slice(0, MAX_USER_AGENT_LENGTH),
    };
    const token = randomToken();
    const id = await db.transaction(async (executor) => {
      if (replaces !== undefined) await endSession(executor, replaces, undefined);
      const sessionId = await insertSession(executor, sealer, sha256(token), made);
      const { identity } = signIn.person ?? {};
      await insertAudit(executor, actorOf(signIn.principal, request, response), 'session.create', sessionId, {
        detail: { method: identity ? 'oidc' : 'credential', ...identity },
      });
      return sessionId;
    });
    const maxAgeSeconds = Math.max(1, Math.floor((expiresAtMs - Date.now()) / 1000));
    setSessionCookie(response, kind, token, maxAgeSeconds, this.cookieRules());
    return { id, ...made };
  }

  /** Finds the session of a request, in the database itself. */
  async current(db: Executor, request: Request): Promise<CurrentSession | undefined> {
    const { sealer, usesHttps } = this.deps;
    const cookie = sessionTokenOf(request, usesHttps());
    if (!cookie) return undefined;
    const session = await findSession(db, sealer, sha256(cookie.token), this.rules);
    return session && { session, kind: cookie.kind };
  }

  /** Removes the cookie from the browser. */
  clearCookie(response: Response, kind: SessionKind): void {
    setSessionCookie(response, kind, '', 0, this.cookieRules());
  }

  private cookieRules(): CookieRules {
    return { secure: this.deps.usesHttps(), portalIsFramed: this.deps.portalIsFramed };
  }
}
