import type { IncomingMessage } from 'node:http';
import { decodeId, type IdKind } from '../../domain/ids';
import { MASK, maskHeaders, maskQuery, maskResponse } from '../../domain/mask';
import {
  MAX_KEPT_BODY_LENGTH,
  MAX_KEPT_HEADERS_LENGTH,
  type PlayInbox,
  type PlayRequest,
  type SignatureResult,
} from '../../domain/play';
import { challengeResponse } from '../../domain/signing';
import { verifySignature } from '../../domain/verify-signature';
import type { Signer } from '../../store/play/signers';

/**
 * The headers of a delivery that hold no secret. Others are those of the subscription, whose
 * values are private.
 */
const OPEN_HEADERS =
  /^(accept(-.*)?|connection|content-.*|host|transfer-encoding|user-agent|traceparent|tracestate|webhook-.*|signpost-.*|ce-.*)$/;

/** A request that was received for an inbox. */
export interface Received {
  request: IncomingMessage;
  body: Buffer;
  /** Whether this process sent it itself. */
  isOwn: boolean;
  /** The secrets of the subscription that sent it. */
  ofSender: readonly string[];
}

/** The stored part of a request, and the response if it is not the one of the inbox. */
export interface Judged {
  captured: Omit<PlayRequest, 'id' | 'at' | 'expiresAt' | 'responseStatus'>;
  challengeAnswer?: string;
}

/** Checks the signature of a request, and masks the secrets in what is stored of it. */
export function judge(inbox: PlayInbox, received: Received, signers: readonly Signer[], nowMs: number): Judged {
  const { request, body, ofSender } = received;
  const headers = flatHeaders(request);
  const challenge = challengeOf(received, headers, signers);
  const signature = challenge?.signature ?? verified(headers, body, signers, nowMs);
  const secrets = [...ofSender, ...signers.flatMap((signer) => signer.secrets)];
  // Postgres stores no NUL.
  const given = body.toString('utf8').replaceAll('\0', '\ufffd');
  // Without an id it is no delivery, but a request for an access token, which holds a secret.
  const isHidden = received.isOwn && given !== '' && headers['webhook-id'] === undefined;
  const bodyTruncated = !isHidden && given.length > MAX_KEPT_BODY_LENGTH;
  // Cut first: a search for every form of every secret in all of a large body takes long.
  const text = isHidden ? MASK : given.slice(0, MAX_KEPT_BODY_LENGTH);
  const { signer, status, detail } = signature;
  const query = new URL(request.url ?? '/', 'http://inbox').search.slice(1);
  return {
    captured: {
      inboxId: inbox.id,
      method: request.method ?? '',
      query: maskQuery(`?${query}`).slice(1, MAX_KEPT_HEADERS_LENGTH),
      headers: kept(received.isOwn ? maskPrivate(headers) : maskHeaders(headers)),
      body: maskResponse({ headers: {}, body: text, bodyTruncated }, secrets).body,
      bodyBytes: body.length,
      bodyTruncated,
      signature: { status, detail },
      subscriptionId: signer === undefined ? null : signers[signer]!.subscriptionId,
      eventId: idOf('evt', headers['webhook-id']),
      notificationId: idOf('ntf', headers['signpost-notification']),
    },
    challengeAnswer: challenge?.answer,
  };
}

function verified(headers: Record<string, string>, body: Buffer, signers: readonly Signer[], nowMs: number) {
  const message = {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body,
  };
  return verifySignature(message, signers, nowMs);
}

/**
 * A challenge of this service is answered as a receiver must answer it. Nobody else gets an answer:
 * it is an HMAC of a text that the caller chooses, with the secret that signs.
 */
function challengeOf(
  { request, isOwn }: Received,
  headers: Record<string, string>,
  signers: readonly Signer[],
): { signature: SignatureResult & { signer?: number }; answer: string } | undefined {
  if (!isOwn || request.method !== 'GET' || headers['webhook-signature'] !== undefined) return undefined;
  const token = new URL(request.url ?? '/', 'http://inbox').searchParams.getAll('crc_token').at(-1);
  const [first] = signers;
  const secret = first?.secrets[0];
  if (!first || secret === undefined || !token) return undefined;
  return {
    signature: { status: 'challenge', detail: `Challenge, answered with the secret of ${first.name}.`, signer: 0 },
    answer: JSON.stringify({ response_token: challengeResponse(secret, token) }),
  };
}

function flatHeaders({ headers }: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}

const maskPrivate = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, OPEN_HEADERS.test(name) ? value : MASK]));

function kept(headers: Record<string, string>): Record<string, string> {
  let left = MAX_KEPT_HEADERS_LENGTH;
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => (left -= name.length + value.length) >= 0),
  );
}

const idOf = (kind: IdKind, given: string | undefined): string | null =>
  given !== undefined && decodeId(kind, given) !== undefined ? given : null;
