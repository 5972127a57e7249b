import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { Button } from '../../ui/button';
import { PageHead } from '../../ui/page';
import { Tabs } from '../../ui/tabs';
import { CredentialDialog } from './credential-dialog';
import { CredentialList } from './credential-list';
import { KINDS, type Kind } from './kinds';

export function Credentials() {
  const [params] = useSearchParams();
  const kind: Kind = params.get('tab') === 'clients' ? 'clients' : 'keys';
  const [creating, setCreating] = useState(false);
  const { one } = KINDS[kind];
  return (
    <>
      <PageHead title={t`Credentials`} sub={t`Each secret is shown once, when it is created. Only its hash is stored.`}>
        <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
          <Trans>New {one}</Trans>
        </Button>
      </PageHead>
      <Tabs
        label={t`Kinds of credentials`}
        tabs={[
          { id: 'keys', title: t`API keys`, content: <CredentialList kind="keys" /> },
          { id: 'clients', title: t`OAuth clients`, content: <CredentialList kind="clients" /> },
        ]}
      />
      {creating && <CredentialDialog kind={kind} onClose={() => setCreating(false)} />}
    </>
  );
}
