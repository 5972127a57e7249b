import { t } from '@lingui/core/macro';
import type { Format, Method } from '../../../api/types';
import { SelectField, SwitchField, TextField } from '../../../ui/form';
import { formatSchedule } from '../../../ui/time';
import type { DraftProps } from '../shared/draft';
import styles from '../shared/endpoints.module.css';
import { FORMATS } from '../shared/formats';
import { AuthFields } from './auth';
import { HeaderRows } from './header-rows';
import { RetryField } from './retries';
import { TlsFields } from './tls';
import { useCustomer } from '../../shared/use-customer';

const METHODS: readonly Method[] = ['POST', 'PUT', 'GET'];

export function HttpFields({ draft, set, existing }: DraftProps) {
  const customer = useCustomer(draft.customerId);
  return (
    <>
      <div className={styles.address}>
        <SelectField
          label={t`Method`}
          pointer="/method"
          value={draft.method}
          onChange={(method) => set({ method: method as Method })}
        >
          {METHODS.map((method) => (
            <option key={method}>{method}</option>
          ))}
        </SelectField>
        <TextField
          label={t`URL`}
          pointer="/url"
          type="url"
          inputMode="url"
          placeholder="https://example.com/webhooks"
          value={draft.url}
          onChange={(url) => set({ url })}
        />
      </div>
      <FormatField draft={draft} set={set} existing={existing} />
      <HeaderRows rows={draft.headers} onChange={(headers) => set({ headers })} />
      <AuthFields auth={draft.auth} onChange={(auth) => set({ auth })} />
      <TlsFields tls={draft.tls} onChange={(tls) => set({ tls })} />
      {!existing && <SecretField draft={draft} set={set} />}
      <RetryField
        value={draft.retrySchedule}
        inherited={customer && formatSchedule(customer.retrySchedule)}
        onChange={(retrySchedule) => set({ retrySchedule })}
      />
      <div className="grid-2">
        <TextField
          label={t`Timeout (seconds)`}
          pointer="/timeoutSeconds"
          hint={t`How long the receiver has to respond, from 1 to 600 seconds.`}
          type="number"
          min={1}
          max={600}
          value={draft.timeoutSeconds}
          onChange={(timeoutSeconds) => set({ timeoutSeconds })}
        />
        <TextField
          label={t`Rate limit (per second)`}
          pointer="/rateLimitPerSecond"
          hint={t`Extra deliveries queue. Leave empty for no limit.`}
          optional
          type="number"
          min={0}
          step="any"
          value={draft.rateLimitPerSecond}
          onChange={(rateLimitPerSecond) => set({ rateLimitPerSecond })}
        />
      </div>
    </>
  );
}

function FormatField({ draft, set, existing }: DraftProps) {
  const fixed = existing?.format === 'trigger';
  const choices = (Object.keys(FORMATS) as Format[]).filter((format) => !existing || fixed || format !== 'trigger');
  return (
    <SelectField
      label={t`Format`}
      pointer="/format"
      hint={
        fixed
          ? t`${FORMATS.trigger.about} The format of this endpoint cannot be changed.`
          : existing
            ? t`${FORMATS[draft.format].about} To use Trigger, create another endpoint.`
            : FORMATS[draft.format].about
      }
      disabled={fixed}
      value={draft.format}
      onChange={(format) => set({ format: format as Format })}
    >
      {choices.map((format) => (
        <option key={format} value={format}>
          {FORMATS[format].title}
        </option>
      ))}
    </SelectField>
  );
}

function SecretField({ draft, set }: DraftProps) {
  return (
    <div className="stack-s">
      <SwitchField
        label={t`Generate a secret`}
        hint={t`The secret signs every delivery. It is shown once the endpoint is created.`}
        checked={draft.secret === null}
        onChange={(generate) => set({ secret: generate ? null : '' })}
      />
      {draft.secret !== null && (
        <TextField
          label={t`Custom secret`}
          pointer="/secret"
          hint={t`Any text, or whsec_ followed by 24 to 64 bytes in base64.`}
          value={draft.secret}
          onChange={(secret) => set({ secret })}
        />
      )}
    </div>
  );
}
