import { randomBytes } from 'node:crypto';

/**
 * Play is the built-in test receiver. An inbox has a URL that nobody can guess. It captures the
 * requests that are sent there, checks their signatures and returns the response that its owner
 * chose.
 */
const PLAY_PATH = '/play/in';
const TOKEN_BYTES = 20;
const TOKEN = '[0-9a-f]{40}';
const INBOX_PATH = new RegExp(`^${PLAY_PATH}/(${TOKEN})$`);

/** Requests that an inbox keeps. A further one replaces the oldest. */
export const MAX_CAPTURED_REQUESTS = 100;
/** How long a captured request is kept. */
export const CAPTURED_REQUEST_DAYS = 3;
/** How long an inbox is kept after its last request or change. */
export const IDLE_INBOX_DAYS = 30;
/** The largest body that an inbox takes: the signature is over all of it. */
export const MAX_CAPTURED_BODY_BYTES = 1024 * 1024;
/** The start of a body that is kept, in characters. */
export const MAX_KEPT_BODY_LENGTH = 64 * 1024;
/** The largest headers that are kept, in characters. */
export const MAX_KEPT_HEADERS_LENGTH = 16 * 1024;
export const MAX_ANSWER_DELAY_SECONDS = 60;
export const MAX_ANSWER_BODY_LENGTH = 16 * 1024;

/** How an inbox answers. */
export interface PlayAnswer {
  status: number;
  delaySeconds: number;
  body: string;
}

export const DEFAULT_ANSWER: PlayAnswer = { status: 200, delaySeconds: 0, body: '{"received":true}' };

/** An inbox of the test receiver. */
export interface PlayInbox {
  id: string;
  token: string;
  customerId: string;
  productId: string | null;
  name: string;
  answer: PlayAnswer;
  createdAt: Date;
  modifiedAt: Date;
  expiresAt: Date;
}

/**
 * The result of checking the signature of a captured request. `unknown`: no subscription of the
 * customer has the inbox's URL, so there is no secret to check with. `challenge`: the request was a
 * challenge, which has no signature.
 */
export const SIGNATURE_STATUSES = ['verified', 'failed', 'unknown', 'challenge'] as const;
export type SignatureStatus = (typeof SIGNATURE_STATUSES)[number];

export interface SignatureResult {
  status: SignatureStatus;
  /** Why, for people. */
  detail: string;
}

/** A request that an inbox captured. */
export interface PlayRequest {
  id: string;
  inboxId: string;
  method: string;
  /** With its values masked; empty if there is none. */
  query: string;
  headers: Record<string, string>;
  /** The start of the body. */
  body: string;
  bodyBytes: number;
  bodyTruncated: boolean;
  responseStatus: number;
  signature: SignatureResult;
  /** The subscription whose secret was checked. */
  subscriptionId: string | null;
  eventId: string | null;
  notificationId: string | null;
  at: Date;
  expiresAt: Date;
}

/** A token of 160 random bits. */
export const newInboxToken = (): string => randomBytes(TOKEN_BYTES).toString('hex');

/** The URL of an inbox. */
export const inboxUrl = (publicUrl: string, token: string): string => `${publicUrl}${PLAY_PATH}/${token}`;

/** The prefix of the URLs of all inboxes, as a pattern of the allow-list. */
export const inboxUrlPattern = (publicUrl: string): string => publicUrl + PLAY_PATH;

/** @returns undefined if the path is not exactly that of an inbox */
export const inboxTokenOf = (pathname: string): string | undefined => INBOX_PATH.exec(pathname)?.[1];

/** Whether a URL is exactly that of an inbox of this installation. */
export function isInboxUrl(url: URL, publicUrl: string): boolean {
  return url.origin === new URL(publicUrl).origin && inboxTokenOf(url.pathname) !== undefined;
}
