import { t } from '@lingui/core/macro';
import { PageHead } from '../../ui/page';
import { Tabs } from '../../ui/tabs';
import { CredentialList } from './credential-list';

export function Credentials() {
  return (
    <>
      <PageHead
        title={t`Credentials`}
        sub={t`Each secret is shown once, when it is created. Only its hash is stored.`}
      />
      <Tabs
        label={t`Kinds of credentials`}
        tabs={[
          { id: 'keys', title: t`API keys`, content: <CredentialList kind="keys" /> },
          { id: 'clients', title: t`OAuth clients`, content: <CredentialList kind="clients" /> },
        ]}
      />
    </>
  );
}
