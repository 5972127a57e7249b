import type { Subscription } from '../../../api/types';

type Auth = Subscription['auth'];
type Tls = NonNullable<Subscription['tls']>;
export type AuthType = Auth['type'];

/** What the API shows of a stored secret. Sent back, it keeps the secret. */
const KEPT = '***';

/** Authentication as it is in the form. Fields of other kinds stay while the kind changes. */
export interface AuthDraft {
  type: AuthType;
  username: string;
  /** The password, token or client secret. Empty keeps the stored one, if there is one. */
  secret: string;
  tokenUrl: string;
  clientId: string;
  scope: string;
  audience: string;
  /** The kind that a secret is stored for; `none` if there is no secret. */
  stored: AuthType;
}

/** TLS credentials as they are in the form, as PEM. */
export interface TlsDraft {
  clientCertificate: string;
  /** Empty keeps the stored one, if there is one. */
  clientKey: string;
  caCertificate: string;
  hasKey: boolean;
}

export function authDraftFrom(auth: Auth): AuthDraft {
  return {
    type: auth.type,
    username: auth.type === 'basic' ? auth.username : '',
    secret: '',
    ...(auth.type === 'oauth2'
      ? {
          tokenUrl: auth.tokenUrl,
          clientId: auth.clientId,
          scope: auth.scope ?? '',
          audience: auth.audience ?? '',
        }
      : { tokenUrl: '', clientId: '', scope: '', audience: '' }),
    stored: auth.type,
  };
}

/** Whether leaving the secret empty keeps a stored one. */
export function keepsSecret({ type, stored }: AuthDraft): boolean {
  return type !== 'none' && type === stored;
}

export function authOf(draft: AuthDraft): Auth {
  const secret = draft.secret || (keepsSecret(draft) ? KEPT : '');
  switch (draft.type) {
    case 'none':
      return { type: 'none' };
    case 'basic':
      return { type: 'basic', username: draft.username, password: secret };
    case 'bearer':
      return { type: 'bearer', token: secret };
    case 'oauth2':
      return {
        type: 'oauth2',
        tokenUrl: draft.tokenUrl.trim(),
        clientId: draft.clientId,
        clientSecret: secret,
        ...(draft.scope.trim() && { scope: draft.scope.trim() }),
        ...(draft.audience.trim() && { audience: draft.audience.trim() }),
      };
  }
}

export function tlsDraftFrom(tls: Tls | null): TlsDraft {
  return {
    clientCertificate: tls?.clientCertificate ?? '',
    clientKey: '',
    caCertificate: tls?.caCertificate ?? '',
    hasKey: tls?.clientKey !== undefined,
  };
}

export function tlsOf({ clientCertificate, clientKey, caCertificate, hasKey }: TlsDraft): Tls | null {
  const key = clientKey.trim() ? clientKey : hasKey && clientCertificate.trim() ? KEPT : '';
  const tls: Tls = {
    ...(clientCertificate.trim() && { clientCertificate }),
    ...(key && { clientKey: key }),
    ...(caCertificate.trim() && { caCertificate }),
  };
  return Object.keys(tls).length > 0 ? tls : null;
}
