import { PageHead } from '../../ui/page';
import { Tabs } from '../../ui/tabs';
import { CredentialList } from './credential-list';

export function Credentials() {
  return (
    <>
      <PageHead title="Credentials" sub="Each secret is shown once, when it is created. Only its hash is stored." />
      <Tabs
        label="Kinds of credentials"
        tabs={[
          { id: 'keys', title: 'API keys', content: <CredentialList kind="keys" /> },
          { id: 'clients', title: 'OAuth clients', content: <CredentialList kind="clients" /> },
        ]}
      />
    </>
  );
}
