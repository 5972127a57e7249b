/** Mutations of authentication: credentials, tokens, browser sessions and portal links. */
import { mutationsOf } from '../mutation.mjs';

const AUTH = 'src/api/auth/';
const auth = (...names) => names.map((name) => `test/api/auth/${name}.test.ts`);
const SESSION_TEST = ['test/api/session.test.ts'];
const REFUSALS_TEST = ['test/api/audit/refusals.test.ts'];
const PERMISSIONS = ['test/api/permissions.test.ts'];
const SEGMENTS_TEST = ['test/api/tenancy/segments.test.ts'];
const DOORS_TEST = ['test/api/limits/doors.test.ts'];

export default [
  ...mutationsOf(`${AUTH}auth.ts`, auth('lookups'), [
    ['AU9', 'any number of unknown credentials are looked up', 'if (!lookups.hasRoom(address, 1))', 'if (false)'],
    ['AU10', 'one address takes all look-ups', '!lookups.hasRoom(address, 1)', "!lookups.hasRoom('', 1)"],
    ['AU11', 'a look-up that ended still counts', '      lookups.giveBack(address, 1);\n', ''],
  ]),
  ...mutationsOf(`${AUTH}auth.ts`, auth('sessions'), [
    ['AU12', 'a link that opens once works as a key', 'known?.portal?.once ? undefined : known', 'known'],
    [
      'AU13',
      'a page that refreshes itself keeps its session',
      " && request.get('x-signpost-unattended') !== 'true'",
      '',
    ],
    [
      'AU14',
      'a session that was left alone reveals secrets',
      'now() - session.authenticatedAt.getTime() <= RECENT_SIGN_IN_SECONDS * 1000',
      'true',
    ],
    ['AU15', 'a portal needs a sign-in, which it does not have', '      if (known?.portal) return;\n', ''],
  ]),
  ...mutationsOf(`${AUTH}auth.ts`, auth('expiry'), [
    [
      'AU16',
      'an expired key is accepted while its entry is cached',
      'known.expiresAt.getTime() <= now()',
      'known.expiresAt.getTime() <= 0',
    ],
  ]),
  ...mutationsOf(`${AUTH}auth.ts`, SESSION_TEST, [
    ['AU17', 'a session that was signed out works for a second', '      sessions.clear();\n', ''],
  ]),
  ...mutationsOf(`${AUTH}caller-of.ts`, PERMISSIONS, [
    [
      'CO1',
      'the role of a credential is not checked',
      'if (roles.includes(principal.role)) return',
      'if (true) return',
    ],
  ]),
  ...mutationsOf(`${AUTH}caller-of.ts`, DOORS_TEST, [
    [
      'CO2',
      'credentials are guessed without a limit',
      "    if (reason === 'invalid-credential') await limits.admit('failedCredentials', clientAddress(request));\n",
      '',
    ],
  ]),
  ...mutationsOf(`${AUTH}caller-of.ts`, REFUSALS_TEST, [
    [
      'CO3',
      'a call that the role does not allow leaves no trace',
      "  refusals.note('role', actorOf(principal, request, response), object);\n",
      '',
    ],
    [
      'CO4',
      'an invalid credential is recorded as a missing one',
      "return hasCredential(request) ? 'invalid-credential' : 'missing-credential';",
      "return 'missing-credential';",
    ],
  ]),
  ...mutationsOf(`${AUTH}credentials.ts`, SEGMENTS_TEST, [
    [
      'CD5',
      'a credential may be granted a segment without products',
      '(await findProductsOfSegment(db, segment)).length === 0',
      'false',
    ],
    ['CD6', 'a credential may have a product and a segment', 'if (hasSegment && productId != null)', 'if (false)'],
  ]),
  ...mutationsOf(`${AUTH}credentials.ts`, auth('credential-life'), [
    [
      'CD7',
      'a key that was replaced without an overlap works for a second',
      '  afterCommit(() => authenticator.forget());\n  return rotated;',
      '  return rotated;',
    ],
    ['CD8', 'portal links outlive the credential that made them', '  await endPortalSessionsOf(db, id);\n', ''],
    ['CD9', 'a credential may expire in the past', 'at.getTime() > Date.now()', 'at.getTime() > 0'],
  ]),
  ...mutationsOf(
    `${AUTH}credentials.ts`,
    ['test/api/audit/complete.test.ts'],
    [
      [
        'CD10',
        'a revocation is not in the audit log',
        '  await audit(`${kind.object}.revoke`,',
        '  void (`${kind.object}.revoke`,',
      ],
    ],
  ),
  ...mutationsOf(`${AUTH}credentials.ts`, DOORS_TEST, [
    [
      'CD11',
      'an owner may have any number of credentials',
      "  await context.checkQuota('credentials', { customerId, productId });\n",
      '',
    ],
  ]),
  ...mutationsOf(`${AUTH}tokens.ts`, auth('tokens'), [
    ['TK4', 'a token of another issuer is accepted', '{ issuer: ISSUER, algorithms', '{ algorithms'],
    ['TK5', 'a token without an expiry is accepted', 'sub === undefined || exp === undefined', 'sub === undefined'],
    ['TK6', 'a token chooses its algorithm', "algorithms: ['HS256'] }", "algorithms: ['HS256', 'HS512'] }"],
    [
      'TK7',
      'a portal token without a session is accepted',
      'return jti === undefined ? undefined : {',
      'return { portalSessionId: String(jti), expiresAt };\n  return {',
    ],
  ]),
  ...mutationsOf(`${AUTH}own-products.ts`, SEGMENTS_TEST, [
    [
      'OP2',
      'the filters by product and by segment do not add up',
      'productId === undefined ? inSegment : inSegment.filter((id) => id === productId)',
      'inSegment',
    ],
    [
      'OP3',
      'the filter by segment shows the products of others',
      'productIds ? inSegment.filter((id) => productIds.includes(id)) : inSegment',
      'inSegment',
    ],
  ]),
  ...mutationsOf(
    `${AUTH}own-products.ts`,
    ['test/api/tenancy/own-products.test.ts'],
    [
      [
        'OP1',
        'a limited credential changes what belongs to all products',
        'productId !== null && limits.includes(productId)',
        'productId === null || limits.includes(productId)',
      ],
      [
        'OP4',
        'a product that names another one writes to its own',
        '(given ?? productId) === productId && mayUse',
        'mayUse',
      ],
    ],
  ),
  ...mutationsOf(`${AUTH}session-cookie.ts`, SESSION_TEST, [
    ['SN1', 'scripts read the session cookie', 'httpOnly: true', 'httpOnly: false'],
    ['SN2', 'links of other sites send the session cookie', ": 'strict'", ": 'lax'"],
    ['SN3', 'another page of the domain plants a session', 'secure ? `__Host-${name}` : name', 'name'],
    ['SN4', 'the cookie of a framed portal is not partitioned', 'partitioned: crossesSites', 'partitioned: false'],
    ['SN5', 'the cookie of operators is sent in frames of other sites', "kind === 'portal' && secure", 'secure'],
  ]),
  ...mutationsOf(`${AUTH}session-cookie.ts`, auth('sessions'), [
    ['SN6', 'a malformed cookie hides the one of a portal', '&& TOKEN.test(token)', ''],
    ['SN7', 'pages of a portal use the session of an operator', "? ['portal']", "? ['portal', 'staff']"],
    [
      'SN8',
      'the activity stream of a portal uses the session of an operator',
      " || request.query.portal === 'true'",
      '',
    ],
  ]),
  ...mutationsOf(`${AUTH}browser-sessions.ts`, auth('expiry'), [
    ['BS1', 'a session lasts longer than its credential', 'endsAt?.getTime() ?? Infinity', 'Infinity'],
  ]),
  ...mutationsOf(`${AUTH}browser-sessions.ts`, auth('sessions'), [
    ['BS2', 'a session stays valid after another sign-in', 'if (replaces !== undefined) await', 'if (false) await'],
    ['BS3', 'a session keeps any text of a browser', '.slice(0, MAX_USER_AGENT_LENGTH)', ''],
  ]),
  ...mutationsOf(`${AUTH}last-use.ts`, auth('sessions'), [
    ['LU1', 'use does not keep a session', '      await noteSessionUse(this.db, sessionIds);\n', ''],
  ]),
  ...mutationsOf(`${AUTH}last-use.ts`, auth('last-use'), [
    ['LU2', 'a use is written again and again', '    this.ids = new Set();\n', ''],
    [
      'LU3',
      'the last uses are lost when the process ends',
      'clearInterval(this.timer);\n    await this.write();',
      'clearInterval(this.timer);',
    ],
    [
      'LU4',
      'a use that cannot be written ends the process',
      '    } catch (error) {\n      this.log',
      '    } catch (error) {\n      throw error;\n      this.log',
    ],
  ]),
  ...mutationsOf('src/store/access/sessions.ts', auth('sessions'), [
    [
      'SE1',
      'a session that nobody uses lasts',
      ' and last_used_at > now() - make_interval(secs => $1)',
      ' and $1::int is not null',
    ],
    [
      'SE2',
      'a person ends the session of another',
      "'delete from sessions where id = $1 and ($2::text is null or principal_id = $2)",
      "'delete from sessions where id = $1 and ($2::text is null or true)",
    ],
    [
      'SE3',
      'signing out everywhere signs everybody out',
      "'delete from sessions where principal_id = $1 and",
      "'delete from sessions where $1::text is not null and",
    ],
  ]),
  ...mutationsOf('src/store/access/portal-sessions.ts', auth('sessions'), [
    ['SE4', 'a link that opens once opens in two browsers', ' and used_at is null and expires_at', ' and expires_at'],
  ]),
  ...mutationsOf('src/store/access/portal-sessions.ts', auth('credential-life'), [
    [
      'SE5',
      'ending the portal of one customer ends those of all',
      'where p.customer_id = $1 and p.expires_at > now() and c.id',
      'where $1::text is not null and p.expires_at > now() and c.id',
    ],
  ]),
  ...mutationsOf('src/store/access/credentials.ts', auth('credential-life'), [
    ['SE6', 'a revoked credential is replaced', "const IS_VALID = 'revoked_at is null and (", "const IS_VALID = '("],
    ['SE7', 'an expired credential is valid', '(expires_at is null or expires_at > now())', '(true)'],
    [
      'SE8',
      'a replaced key works for ever',
      'or previous_hash = $1 and previous_expires_at > now())',
      'or previous_hash = $1)',
      'The holder is returned with the end of the overlap, after which the authenticator refuses the key.',
    ],
    [
      'SE9',
      'a replaced client secret works for ever',
      'case when previous_expires_at > now() then previous_secret_hash end',
      'previous_secret_hash',
    ],
  ]),
];
