import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
    copy(format(await sign.mutateAsync()), t`${what} copied. Receivers accept its signature for about 5 minutes.`);
  const old = t`copied. Its signature is of then: a receiver that verifies it refuses it.`;
  const signable = write && !attempt.payloadExpired;
  const copyAs = (format: (request: HttpRequest) => string, what: string) => () =>
    void (signable ? copySigned(format, what).catch(() => undefined) : copy(format(request), `${what} ${old}`));
  const copyCurl = copyAs(asCurl, t`curl command`);
  return (
    <>
      <Button small icon={Copy} busy={sign.isPending} onClick={copyCurl}>
        <Trans>Copy as curl</Trans>
      </Button>
      <Menu
        label={t`Copy request`}
        trigger={
          <Button small icon={Code} busy={sign.isPending}>
            <Trans>Copy as…</Trans>
          </Button>
        }
        items={[
          signable && { text: t`curl, signed now`, icon: Copy, onSelect: copyCurl },
          { text: t`curl, as sent`, icon: Copy, onSelect: () => void copy(asCurl(request), t`curl command ${old}`) },
          request.body !== null && {
            text: t`Payload only`,
            icon: Copy,
            onSelect: () => void copy(request.body!, t`Payload copied`),
          },
          {
            text: signable ? t`fetch (JavaScript), signed now` : t`fetch (JavaScript)`,
            icon: Copy,
            onSelect: copyAs(asFetch, t`JavaScript`),
          },
          { text: signable ? t`Python, signed now` : t`Python`, icon: Copy, onSelect: copyAs(asPython, t`Python`) },
        ]}
      />
    </>
  );
}
