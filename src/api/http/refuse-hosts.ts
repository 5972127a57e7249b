import type { Request, RequestHandler } from 'express';
import { Problem } from '../../domain/problems';
import type { KnownHosts } from '../../process/known-hosts';
import { sendProblem } from './problem-response';

/** Probes often name a pod or a node. Their responses hold nothing but a status and the version. */
const PROBES = new Set(['/healthz', '/readyz']);

/** Refuses requests for a host that this service does not serve, and lets probes pass. */
export function refuseHosts(isKnown: KnownHosts): RequestHandler {
  return (request, response, next) => {
    const unknown = hostsOf(request).find((host) => !isKnown(host));
    if (unknown === undefined || PROBES.has(request.path)) return next();
    const host = JSON.stringify(unknown.slice(0, 300));
    const detail = `This service does not serve the host ${host}. Use the host of SIGNPOST_PUBLIC_URL, or add this one to SIGNPOST_ALLOWED_HOSTS.`;
    sendProblem(request, response, new Problem('unknown-host', detail));
  };
}

/**
 * The hosts that the client named: to us, and to a trusted proxy. A proxy may add its entry to one
 * that the client sent, so each entry counts.
 */
function hostsOf({ headers, app, socket }: Request): string[] {
  const { host = '', 'x-forwarded-host': forwarded } = headers;
  if (forwarded === undefined) return [host];
  const isTrusted = app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  if (!isTrusted(socket.remoteAddress, 0)) return [host];
  return [
    host,
    ...String(forwarded)
      .split(',')
      .map((entry) => entry.trim()),
  ];
}
