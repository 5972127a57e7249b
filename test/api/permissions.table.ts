/**
 * Who may make which call, on whose objects. Written manually, so that a role added to a route by
 * mistake fails a test. A changed line is a change of what somebody may see or do: check it against
 * docs before you accept it.
 *
 * - `foreign`: the response to a role with access `own` that names an object of somebody else.
 *   `hidden` is a success that leaves the object out. `-` means that the call names no object.
 * - `unknown`: the response to an id that does not exist.
 * - the roles: `all` objects, their `own` objects, or `none`, which is 403. A `viewer/p` is a
 *   viewer limited to one product.
 */
const TABLE = `
  operation                                            foreign  unknown  admin  product  viewer  viewer/p  customer  producer
  POST /v1/events                                      422      422      all    own      none    none      none      own
  POST /v1/events/batch                                hidden   hidden   all    own      none    none      none      own
  GET /v1/events                                       hidden   -        all    own      all     own       own       none
  GET /v1/events/:id                                   404      404      all    own      all     own       own       none
  GET /v1/events/:id/routing                           404      404      all    own      all     own       own       none
  POST /v1/events/:id/replay                           404      404      all    own      none    none      own       none
  POST /v1/products                                    -        -        all    none     none    none      none      none
  GET /v1/products                                     hidden   -        all    own      all     own       none      none
  GET /v1/products/:id                                 404      404      all    own      all     own       none      none
  PATCH /v1/products/:id                               -        404      all    none     none    none      none      none
  GET /v1/retention                                    -        -        all    none     none    none      none      none
  PUT /v1/event-types/:name                            409      -        all    own      none    none      none      none
  GET /v1/event-types                                  hidden   -        all    own      all     own       own       none
  GET /v1/event-types/:name                            404      404      all    own      all     own       own       none
  POST /v1/event-types/:name/archive                   404      404      all    own      none    none      none      none
  PUT /v1/event-types/:name/service-definition         -        404      all    none     none    none      none      none
  GET /v1/event-types/:name/service-definition         -        404      all    none     none    none      none      none
  POST /v1/event-types/:name/service-definition/dry-run -       404      all    none     none    none      none      none
  DELETE /v1/event-types/:name/service-definition      -        404      all    none     none    none      none      none
  POST /v1/customers                                   422      422      all    own      none    none      none      none
  GET /v1/customers                                    hidden   -        all    own      all     own       own       none
  GET /v1/customers/:id                                404      404      all    own      all     own       own       none
  PATCH /v1/customers/:id                              404      404      all    own      none    none      none      none
  DELETE /v1/customers/:id                             404      404      all    own      none    none      none      none
  GET /v1/erasures                                     hidden   -        all    own      none    none      none      none
  GET /v1/erasures/:id                                 404      404      all    own      none    none      none      none
  PUT /v1/customers/:id/subscriptions                  404      404      all    own      none    none      own       none
  POST /v1/customers/:id/transform/dry-run             404      404      all    own      none    none      own       none
  POST /v1/subscriptions                               422      422      all    own      none    none      own       none
  GET /v1/subscriptions                                hidden   -        all    own      all     own       own       none
  GET /v1/subscriptions/:id                            404      404      all    own      all     own       own       none
  PATCH /v1/subscriptions/:id                          404      404      all    own      none    none      own       none
  DELETE /v1/subscriptions/:id                         404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/enable                    404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/disable                   404      404      all    own      none    none      own       none
  GET /v1/subscriptions/:id/statistics                 404      404      all    own      all     own       own       none
  GET /v1/subscriptions/:id/series                     404      404      all    own      all     own       own       none
  POST /v1/subscriptions/:id/trigger                   404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/transform/dry-run         404      404      all    own      none    none      own       none
  GET /v1/subscriptions/:id/secret                     404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/secret/rotate             404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/secret/link               404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/signing-key               404      404      all    own      none    none      own       none
  GET /v1/subscriptions/:id/signing-key                404      404      all    own      all     own       own       none
  DELETE /v1/subscriptions/:id/signing-key             404      404      all    own      none    none      own       none
  POST /v1/subscriptions/:id/challenge                 404      404      all    own      none    none      own       none
  GET /v1/subscriptions/:id/challenges                 404      404      all    own      all     own       own       none
  GET /v1/subscriptions/:id/notifications              404      404      all    own      all     own       own       none
  POST /v1/subscriptions/:id/recover                   404      404      all    own      none    none      own       none
  POST /v1/url-allowlist                               422      422      all    own      none    none      none      none
  GET /v1/url-allowlist                                hidden   -        all    own      all     own       none      none
  PATCH /v1/url-allowlist/:id                          -        404      all    none     none    none      none      none
  DELETE /v1/url-allowlist/:id                         404      404      all    own      none    none      none      none
  GET /v1/notifications                                hidden   -        all    own      all     own       own       none
  POST /v1/notifications/retry                         hidden   hidden   all    own      none    none      own       none
  POST /v1/notifications/cancel                        hidden   hidden   all    own      none    none      own       none
  GET /v1/notifications/:id                            404      404      all    own      all     own       own       none
  POST /v1/notifications/:id/retry                     404      404      all    own      none    none      own       none
  POST /v1/notifications/:id/cancel                    404      404      all    own      none    none      own       none
  GET /v1/attempts/:id                                 404      404      all    own      all     own       own       none
  POST /v1/recoveries                                  422      422      all    own      none    none      own       none
  POST /v1/attempts/:id/signed-request                 404      404      all    own      none    none      none      none
  GET /v1/recoveries                                   hidden   -        all    own      all     own       own       none
  GET /v1/recoveries/:id                               404      404      all    own      all     own       own       none
  POST /v1/recoveries/:id/cancel                       404      404      all    own      none    none      own       none
  GET /v1/overview                                     hidden   -        all    own      all     own       own       none
  GET /v1/activity                                     -        -        all    own      all     own       own       none
  POST /v1/api-keys                                    -        422      all    none     none    none      none      none
  GET /v1/api-keys                                     -        -        all    none     none    none      none      none
  POST /v1/api-keys/:id/rotate                         -        404      all    none     none    none      none      none
  DELETE /v1/api-keys/:id                              -        404      all    none     none    none      none      none
  POST /v1/oauth-clients                               -        422      all    none     none    none      none      none
  GET /v1/oauth-clients                                -        -        all    none     none    none      none      none
  POST /v1/oauth-clients/:id/rotate                    -        404      all    none     none    none      none      none
  DELETE /v1/oauth-clients/:id                         -        404      all    none     none    none      none      none
  PUT /v1/webhooks                                     422      422      all    own      none    none      own       none
  PUT /v1/webhook                                      422      422      all    own      none    none      own       none
  GET /v1/webhooks                                     422      422      all    own      all     own       own       none
  GET /v1/webhook                                      422      422      all    own      all     own       own       none
  DELETE /v1/webhooks                                  422      422      all    own      none    none      own       none
  DELETE /v1/webhook                                   422      422      all    own      none    none      own       none
  POST /v1/portal-sessions                             422      422      all    own      none    none      none      none
  GET /v1/portal-sessions                              hidden   -        all    own      all     own       none      none
  DELETE /v1/portal-sessions                           404      404      all    own      none    none      none      none
  DELETE /v1/portal-sessions/:id                       404      404      all    own      none    none      none      none
  POST /v1/deploys                                     422      422      all    own      none    none      own       none
  GET /v1/deploys                                      hidden   -        all    own      all     own       own       none
  GET /v1/deploys/:id                                  404      404      all    own      all     own       own       none
  DELETE /v1/deploys/:id                               404      404      all    own      none    none      own       none
  POST /v1/play-inboxes                                422      422      all    own      none    none      own       none
  GET /v1/play-inboxes                                 hidden   -        all    own      all     own       own       none
  GET /v1/play-inboxes/:id                             404      404      all    own      all     own       own       none
  PATCH /v1/play-inboxes/:id                           404      404      all    own      none    none      own       none
  DELETE /v1/play-inboxes/:id                          404      404      all    own      none    none      own       none
  GET /v1/play-inboxes/:id/requests                    404      404      all    own      all     own       own       none
  GET /v1/play-requests/:id                            404      404      all    own      all     own       own       none
  GET /v1/sessions                                     -        -        own    own      own     own       own       none
  DELETE /v1/sessions                                  -        -        own    own      own     own       own       none
  DELETE /v1/sessions/:id                              404      404      all    own      own     own       own       none
  GET /v1/audit                                        hidden   -        all    own      none    none      none      none
`;

/** The calls that need no credential, with their response to a caller who has none. */
export const PUBLIC_OPERATIONS: Record<string, number> = {
  'GET /healthz': 200,
  'GET /readyz': 200,
  'GET /metrics': 200,
  'GET /openapi.json': 200,
  'GET /asyncapi.json': 200,
  'POST /oauth/token': 401,
  'POST /login/oauth/access_token': 401,
  'POST /v1/session': 401,
  'GET /v1/session': 401,
  'DELETE /v1/session': 204,
  'GET /v1/session/methods': 200,
  'GET /v1/session/oidc': 404,
  'GET /v1/session/oidc/callback': 404,
  'GET /v1/session/oidc/sign-out': 404,
};

export const CALLERS = ['admin', 'product', 'viewer', 'viewer/p', 'customer', 'producer'] as const;
export type Caller = (typeof CALLERS)[number];
export type Access = 'all' | 'own' | 'none';

/** A line of the table. */
export interface Permission {
  operation: string;
  foreign: string;
  unknown: string;
  access: Record<Caller, Access>;
}

export const PERMISSIONS: readonly Permission[] = TABLE.trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [method, path, foreign, unknown, ...accesses] = line.trim().split(/ +/) as [
      string,
      string,
      string,
      string,
      ...Access[],
    ];
    const access = Object.fromEntries(CALLERS.map((caller, index) => [caller, accesses[index]]));
    return { operation: `${method} ${path}`, foreign, unknown, access: access as unknown as Record<Caller, Access> };
  });
