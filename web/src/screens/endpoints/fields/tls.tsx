import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { TextArea } from '../../../ui/form';
import type { TlsDraft } from '../shared/access-draft';

/** Client certificate and certificate authorities. A stored key is never shown. */
export function TlsFields({ tls, onChange }: { tls: TlsDraft; onChange(tls: TlsDraft): void }) {
  const set = (change: Partial<TlsDraft>) => onChange({ ...tls, ...change });
  const pem = { code: true, rows: 3, placeholder: '-----BEGIN …' };
  return (
    <fieldset className="stack">
      <legend>
        <Trans>TLS</Trans>
      </legend>
      <TextArea
        label={t`Client certificate`}
        pointer="/tls/clientCertificate"
        hint={t`PEM, followed by its chain. For receivers that require mutual TLS.`}
        optional
        {...pem}
        value={tls.clientCertificate}
        onChange={(clientCertificate) => set({ clientCertificate })}
      />
      <TextArea
        label={t`Client key`}
        pointer="/tls/clientKey"
        hint={
          tls.hasKey
            ? t`Stored, and not shown. Leave empty to keep it.`
            : t`PEM without a passphrase. Not shown again after it is saved.`
        }
        optional
        {...pem}
        placeholder={tls.hasKey ? t`unchanged` : pem.placeholder}
        autoComplete="off"
        value={tls.clientKey}
        onChange={(clientKey) => set({ clientKey })}
      />
      <TextArea
        label={t`Certificate authorities`}
        pointer="/tls/caCertificate"
        hint={t`PEM. Then no other authorities are trusted.`}
        optional
        {...pem}
        value={tls.caCertificate}
        onChange={(caCertificate) => set({ caCertificate })}
      />
    </fieldset>
  );
}
