import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { SelectField, TextField } from '../../../ui/form';
import { keepsSecret, type AuthDraft, type AuthType } from '../shared/access-draft';

export const AUTH_TITLES: Record<AuthType, string> = {
  none: t`None`,
  basic: t`Basic`,
  bearer: t`Bearer token`,
  oauth2: t`OAuth 2.0 client credentials`,
};

interface Props {
  auth: AuthDraft;
  onChange(auth: AuthDraft): void;
}

/** How deliveries authenticate. Stored secrets are never shown. */
export function AuthFields({ auth, onChange }: Props) {
  const set = (change: Partial<AuthDraft>) => onChange({ ...auth, ...change });
  return (
    <fieldset className="stack">
      <legend>
        <Trans>Authentication</Trans>
      </legend>
      <SelectField
        label={t`Kind of authentication`}
        pointer="/auth/type"
        hint={t`Deliveries and challenges carry it. The signature is sent in any case.`}
        value={auth.type}
        onChange={(type) => set({ type: type as AuthType, secret: '' })}
      >
        {(Object.keys(AUTH_TITLES) as AuthType[]).map((type) => (
          <option key={type} value={type}>
            {AUTH_TITLES[type]}
          </option>
        ))}
      </SelectField>
      {auth.type === 'basic' && (
        <div className="grid-2">
          <TextField
            label={t`User name`}
            pointer="/auth/username"
            value={auth.username}
            onChange={(username) => set({ username })}
          />
          <SecretInput label={t`Password`} pointer="/auth/password" auth={auth} onChange={onChange} />
        </div>
      )}
      {auth.type === 'bearer' && <SecretInput label={t`Token`} pointer="/auth/token" auth={auth} onChange={onChange} />}
      {auth.type === 'oauth2' && <OAuth2Fields auth={auth} onChange={onChange} />}
    </fieldset>
  );
}

function OAuth2Fields({ auth, onChange }: Props) {
  const set = (change: Partial<AuthDraft>) => onChange({ ...auth, ...change });
  return (
    <>
      <TextField
        label={t`Token URL`}
        pointer="/auth/tokenUrl"
        hint={t`The allow-list has to approve it too. A new URL needs the client secret again.`}
        type="url"
        inputMode="url"
        value={auth.tokenUrl}
        onChange={(tokenUrl) => set({ tokenUrl })}
      />
      <div className="grid-2">
        <TextField
          label={t`Client ID`}
          pointer="/auth/clientId"
          value={auth.clientId}
          onChange={(clientId) => set({ clientId })}
        />
        <SecretInput label={t`Client secret`} pointer="/auth/clientSecret" auth={auth} onChange={onChange} />
        <TextField
          label={t`Scope`}
          pointer="/auth/scope"
          optional
          value={auth.scope}
          onChange={(scope) => set({ scope })}
        />
        <TextField
          label={t`Audience`}
          pointer="/auth/audience"
          optional
          value={auth.audience}
          onChange={(audience) => set({ audience })}
        />
      </div>
    </>
  );
}

function SecretInput({ label, pointer, auth, onChange }: Props & { label: string; pointer: string }) {
  const keeps = keepsSecret(auth);
  return (
    <TextField
      label={label}
      pointer={pointer}
      hint={keeps ? t`Stored, and not shown. Leave empty to keep it.` : t`Not shown again after it is saved.`}
      placeholder={keeps ? t`unchanged` : undefined}
      type="password"
      autoComplete="new-password"
      value={auth.secret}
      onChange={(secret) => onChange({ ...auth, secret })}
    />
  );
}
