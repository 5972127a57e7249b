import { TextArea } from '../../../ui/form';
import type { TlsDraft } from '../shared/access-draft';

/** Client certificate and certificate authorities. A stored key is never shown. */
export function TlsFields({ tls, onChange }: { tls: TlsDraft; onChange(tls: TlsDraft): void }) {
  const set = (change: Partial<TlsDraft>) => onChange({ ...tls, ...change });
  const pem = { code: true, rows: 3, placeholder: '-----BEGIN …' };
  return (
    <fieldset className="stack">
      <legend>TLS</legend>
      <TextArea
        label="Client certificate"
        pointer="/tls/clientCertificate"
        hint="PEM, followed by its chain. For receivers that require mutual TLS."
        optional
        {...pem}
        value={tls.clientCertificate}
        onChange={(clientCertificate) => set({ clientCertificate })}
      />
      <TextArea
        label="Client key"
        pointer="/tls/clientKey"
        hint={
          tls.hasKey
            ? 'Stored, and not shown. Leave empty to keep it.'
            : 'PEM without a passphrase. Not shown again after it is saved.'
        }
        optional
        {...pem}
        placeholder={tls.hasKey ? 'unchanged' : pem.placeholder}
        autoComplete="off"
        value={tls.clientKey}
        onChange={(clientKey) => set({ clientKey })}
      />
      <TextArea
        label="Certificate authorities"
        pointer="/tls/caCertificate"
        hint="PEM. Then no other authorities are trusted."
        optional
        {...pem}
        value={tls.caCertificate}
        onChange={(caCertificate) => set({ caCertificate })}
      />
    </fieldset>
  );
}
