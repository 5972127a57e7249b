/** Mutations of the test receiver: its inboxes, and what they capture. */
import { mutationsOf } from '../mutation.mjs';

const PLAY_TEST = ['test/api/play.test.ts'];
const CAPTURED_TEST = ['test/api/play/captured.test.ts'];
const RECEIVER_TEST = ['test/api/play/play-receiver.test.ts'];
const PERMISSIONS = ['test/api/permissions.test.ts'];

export default [
  ...mutationsOf('src/store/play/inboxes.ts', PLAY_TEST, [
    ['PL1', 'an expired inbox is shown', 'const IN_SCOPE = `i.expires_at > now()\n  and (', 'const IN_SCOPE = `('],
    [
      'PL2',
      'an expired inbox captures requests',
      'where i.token = $1 and i.expires_at > now()`',
      'where i.token = $1`',
      'The statement that stores a request checks the inbox as well, and its answer is then 404.',
    ],
    [
      'PL3',
      'a product reads the inboxes of others',
      '($1::text[] is null or coalesce(i.product_id, (select c.product_id from customers c where c.id = i.customer_id)) = any ($1))',
      '($1::text[] is null or true)',
    ],
  ]),
  ...mutationsOf('src/store/play/inboxes.ts', PERMISSIONS, [
    [
      'PL4',
      'a customer reads the inboxes of others',
      '($2::text is null or i.customer_id = $2)`',
      '($2::text is null or true)`',
    ],
  ]),
  ...mutationsOf('src/store/play/requests.ts', PLAY_TEST, [
    [
      'PL5',
      'an expired request is listed',
      'where inbox_id = $1 and expires_at > now() and',
      'where inbox_id = $1 and',
    ],
    ['PL6', 'an expired request is shown', 'where id = $1 and expires_at > now()`', 'where id = $1`'],
    [
      'PL7',
      'an inbox that is in use expires',
      'where id = $1 and expires_at < now()',
      'where false and id = $1 and expires_at < now()',
    ],
    [
      'PL8',
      'an inbox keeps every request',
      '             and id <= (select',
      '             and false and id <= (select',
    ],
    [
      'PL9',
      'each request writes to its inbox',
      ' and expires_at < now() + make_interval(days => ${IDLE_INBOX_DAYS - 1})',
      '',
    ],
  ]),
  ...mutationsOf('src/store/play/signers.ts', PLAY_TEST, [
    [
      'PL10',
      'the secret of another customer verifies',
      's.customer_id = $1 and s.deleted_at',
      '$1::text is not null and s.deleted_at',
    ],
    ['PL11', 'a deleted subscription verifies', ' and s.deleted_at is null', ''],
    [
      'PL12',
      'the secret of another product verifies',
      '(coalesce($3, c.product_id) is null or coalesce(s.product_id, c.product_id) = coalesce($3, c.product_id))',
      '($3::text is null or true)',
    ],
    [
      'PL13',
      'a subscription whose URL only names the inbox verifies',
      '(row) => inboxTokenOf(new URL(row.url).pathname) === token',
      '() => true',
    ],
  ]),
  ...mutationsOf('src/api/play/captured.ts', CAPTURED_TEST, [
    ['PC1', 'anybody gets the answer to a challenge', 'if (!isOwn || request', 'if (request'],
    ['PC2', 'a delivery by GET is answered as a challenge', " || headers['webhook-signature'] !== undefined", ''],
    [
      'PC3',
      'the private headers of a delivery are stored',
      'received.isOwn ? maskPrivate(headers) : maskHeaders(headers)',
      'maskHeaders(headers)',
    ],
    [
      'PC4',
      'the secret of a request for an access token is stored',
      "received.isOwn && given !== '' && headers['webhook-id'] === undefined",
      'false',
    ],
    ['PC5', 'a body with a NUL cannot be stored', ".replaceAll('\\0', '\\ufffd')", ''],
    ['PC6', 'headers are stored without a limit', '(left -= name.length + value.length) >= 0', 'true'],
    ['PC7', 'a body is stored without a limit', 'given.slice(0, MAX_KEPT_BODY_LENGTH)', 'given'],
    [
      'PC8',
      'an id may be any text',
      'given !== undefined && decodeId(kind, given) !== undefined',
      'given !== undefined',
    ],
    ['PC9', 'the secret in a body is stored', 'bodyTruncated }, secrets)', 'bodyTruncated }, [])'],
    ['PC11', 'the secret of the sender is stored', '[...ofSender, ...signers', '[...signers'],
    ['PC10', 'the values of a query are stored', 'maskQuery(`?${query}`)', '`?${query}`'],
  ]),
  ...mutationsOf('src/api/play/play-receiver.ts', RECEIVER_TEST, [
    [
      'PR1',
      'tokens of inboxes are guessed without a limit',
      "      if (error instanceof Problem) await this.deps.limits.admit('failedCredentials', address);\n",
      '',
    ],
    [
      'PR2',
      'any number of requests from outside is received',
      'if (!this.foreign.hasRoom(customerId, 1)) throw tooMany();',
      '',
    ],
    ['PR3', 'a place is lost with each request from outside', '      this.foreign.giveBack(customerId, 1);\n', ''],
    ['PR6', 'a sender that has gone is waited for', '{ signal: gone.signal }', '{}'],
  ]),
  ...mutationsOf('src/api/play/play-receiver.ts', PLAY_TEST, [
    ['PR4', 'one inbox has any number of requests', "    await limits.admit('playRequests', inbox.id);\n", ''],
    [
      'PR5',
      'an answer is a page of the web UI',
      "  'content-security-policy': \"default-src 'none'; sandbox; frame-ancestors 'none'\",\n",
      '',
    ],
    ['PR7', 'a large body is read to its end', 'if (bytes > MAX_CAPTURED_BODY_BYTES) fail', 'if (false) fail'],
    [
      'PR8',
      'the token of an inbox is in an answer',
      'problemBody(problem, INBOX_ROUTE)',
      "problemBody(problem, response.req.url ?? '')",
    ],
  ]),
];
