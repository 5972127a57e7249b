import { Code, Copy } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AttemptDetail } from '../../api/types';
import { Button } from '../../ui/button';
import { writeClipboard } from '../../ui/copy';
import { Menu } from '../../ui/menu';
import { useToast } from '../../ui/toast';
import { asCurl, asFetch, asPython, type HttpRequest } from './request-code';

/**
 * Copies an attempt's request. What was sent has an old signature, which receivers refuse after 5
 * minutes, so the service can sign it again.
 */
export function CopyRequest({ attempt }: { attempt: AttemptDetail }) {
  const { write } = usePermissions();
  const toast = useToast();
  const { request } = attempt;
  const copy = async (text: string, note: string) => {
    await writeClipboard(text);
    toast({ tone: 'ok', text: note });
  };
  const sign = useAction(() => api.post<HttpRequest>(at`/v1/attempts/${attempt.id}/signed-request`), {
    invalidate: ['/v1/audit'],
  });
  const copySigned = async (format: (request: HttpRequest) => string, what: string) =>
    copy(format(await sign.mutateAsync()), `${what} copied. Receivers accept its signature for about 5 minutes.`);
  const old = 'copied. Its signature is of then: a receiver that verifies it refuses it.';
  const signable = write && !attempt.payloadExpired;
  return (
    <Menu
      label="Copy request"
      trigger={
        <Button small icon={Code} busy={sign.isPending}>
          Copy as…
        </Button>
      }
      items={[
        signable && {
          text: 'curl, signed now',
          icon: Copy,
          onSelect: () => void copySigned(asCurl, 'curl command').catch(() => undefined),
        },
        { text: 'curl, as sent', icon: Copy, onSelect: () => void copy(asCurl(request), `curl command ${old}`) },
        request.body !== null && {
          text: 'Payload only',
          icon: Copy,
          onSelect: () => void copy(request.body!, 'Payload copied'),
        },
        signable
          ? {
              text: 'fetch (JavaScript), signed now',
              icon: Copy,
              onSelect: () => void copySigned(asFetch, 'JavaScript').catch(() => undefined),
            }
          : {
              text: 'fetch (JavaScript)',
              icon: Copy,
              onSelect: () => void copy(asFetch(request), `JavaScript ${old}`),
            },
        signable
          ? {
              text: 'Python, signed now',
              icon: Copy,
              onSelect: () => void copySigned(asPython, 'Python').catch(() => undefined),
            }
          : { text: 'Python', icon: Copy, onSelect: () => void copy(asPython(request), `Python ${old}`) },
      ]}
    />
  );
}
