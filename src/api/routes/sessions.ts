import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { endSession, endSessionsOf, listSessions } from '../../store/access/sessions';
import type { Authenticator } from '../auth/auth';
import type { BrowserSessions } from '../auth/browser-sessions';
import { CUSTOMER_READERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { pageOf, pageQuery, pageRequest } from '../schemas/schemas';
import { listedSessionSchema } from '../schemas/session-schemas';

const PATH = '/v1/sessions';

interface SessionListDeps {
  authenticator: Pick<Authenticator, 'forget'>;
  browserSessions: BrowserSessions;
}

/** The browser sessions of a credential or person, and for an admin of everybody. */
export function sessionListRoutes({ authenticator, browserSessions }: SessionListDeps): Route[] {
  return [
    route({
      method: 'get',
      path: PATH,
      summary: 'List sessions of the web UI',
      description: "Lists the sessions of the caller's credential or person that have not ended.",
      tag: 'Sessions',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        of: z.enum(['caller', 'everyone']).default('caller').describe('`everyone` is for admins.'),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(listedSessionSchema) } },
      async handle({ db, principal, query, request }) {
        if (query.of === 'everyone' && principal.role !== 'admin')
          throw new Problem('forbidden', 'Only an admin may list the sessions of everyone.');
        const owner = query.of === 'everyone' ? undefined : principal.id;
        const here = await browserSessions.current(db, request);
        const page = await listSessions(db, owner, browserSessions.rules, pageRequest(query, isUuid));
        const items = page.items.map((session) => ({ ...session, current: session.id === here?.session.id }));
        return { status: 200, body: { ...page, items } };
      },
    }),
    route({
      method: 'delete',
      path: PATH,
      summary: 'Sign out everywhere',
      description:
        "Ends all sessions of the caller's credential or person, the current one too: immediately in this process, and within a second in others. A credential stays valid.",
      tag: 'Sessions',
      roles: CUSTOMER_READERS,
      answers: { 204: { description: 'The sessions have ended', schema: null } },
      async handle({ db, principal, audit, afterCommit }) {
        const ended = await endSessionsOf(db, principal.id);
        if (ended > 0) await audit('session.end', principal.id, { detail: { ended } });
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
    route({
      method: 'delete',
      path: `${PATH}/:id`,
      summary: 'End a session',
      description:
        'Ends one session of the caller, or of anybody if the caller is an admin: immediately in this process, and within a second in others.',
      tag: 'Sessions',
      roles: CUSTOMER_READERS,
      params: z.object({ id: z.string() }),
      answers: { 204: { description: 'The session has ended', schema: null } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id }, audit, afterCommit }) {
        const ended = await endSession(db, id, principal.role === 'admin' ? undefined : principal.id);
        if (!ended) throw notFound('session');
        await audit('session.end', id, { detail: { principalId: ended.principalId } });
        afterCommit(() => authenticator.forget());
        return { status: 204 };
      },
    }),
  ];
}
