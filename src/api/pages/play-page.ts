import type { RequestHandler } from 'express';
import { clientAddress } from '../limits/client-address';
import type { PlayReceiver } from '../play/play-receiver';

/**
 * The inboxes of Play, as senders outside of this process reach them. The path of an inbox is its
 * only credential.
 */
export function playPage(receiver: Pick<PlayReceiver, 'receiveFrom'>): RequestHandler {
  return async (request, response, next) => {
    if (!(await receiver.receiveFrom(request, response, clientAddress(request)))) next();
  };
}
