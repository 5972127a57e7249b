import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban } from 'lucide-react';
import { useMemo } from 'react';
import { api } from '../../api/client';
import { useList } from '../../api/lists';
import { useAction } from '../../api/queries';
import { useSession } from '../../api/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Time, TimeCell } from '../../ui/time';
import { idOf, KINDS, type Credential, type Kind } from './kinds';

/** All credentials of one kind, including revoked ones. */
export function CredentialList({ kind }: { kind: Kind }) {
  const { one, path, empty, note } = KINDS[kind];
  const list = useList<Credential>(path);
  const columns = useMemo(() => columnsOf(kind), [kind]);
  return (
    <Card flush>
      <DataTable
        label={`${one}s`}
        list={list}
        columns={columns}
        rowId={idOf}
        empty={<Empty title={empty}>{note}</Empty>}
      />
    </Card>
  );
}

function columnsOf(kind: Kind): Column<Credential>[] {
  return [
    {
      header: t`Name`,
      grow: true,
      cell: (credential) => (
        <>
          <span className="truncate">{credential.name}</span>
          <div className="muted truncate">{idOf(credential)}</div>
        </>
      ),
    },
    {
      header: t`Role`,
      width: 170,
      narrow: 110,
      cell: (credential) => (
        <>
          <span className="truncate">{credential.role}</span>
          <div className="muted truncate">
            {credential.productId ?? credential.segment ?? credential.customerId ?? ''}
          </div>
        </>
      ),
    },
    {
      header: t`Created`,
      roomy: true,
      width: 172,
      narrow: 104,
      cell: (credential) => <TimeCell at={credential.createdAt} />,
    },
    {
      header: t`Last used`,
      wide: true,
      width: 172,
      narrow: 104,
      cell: (credential) =>
        credential.lastUsedAt ? (
          <TimeCell at={credential.lastUsedAt} />
        ) : (
          <span className="muted">
            <Trans>never</Trans>
          </span>
        ),
    },
    {
      header: t`Status`,
      wide: true,
      width: 120,
      cell: (credential) => <Status credential={credential} />,
    },
    {
      width: 104,
      cell: (credential) => <Revoke kind={kind} credential={credential} />,
    },
  ];
}

function Status({ credential: { revokedAt, expiresAt } }: { credential: Credential }) {
  if (revokedAt)
    return (
      <Badge>
        <Trans>revoked</Trans>
      </Badge>
    );
  if (expiresAt && Date.parse(expiresAt) <= Date.now())
    return (
      <Badge>
        <Trans>expired</Trans>
      </Badge>
    );
  return (
    <>
      <Badge tone="ok">
        <Trans>active</Trans>
      </Badge>
      {expiresAt && (
        <div className="muted">
          <Trans>
            until <Time at={expiresAt} />
          </Trans>
        </div>
      )}
    </>
  );
}

function Revoke({ kind, credential }: { kind: Kind; credential: Credential }) {
  const { principal } = useSession();
  const { one, path } = KINDS[kind];
  const id = idOf(credential);
  const revoke = useAction(() => api.delete(`${path}/${encodeURIComponent(id)}`), {
    done: t`${one} revoked`,
    invalidate: [path],
  });
  if (credential.revokedAt || id === principal.id) return null;
  return (
    <Confirm
      trigger={<Button small variant="ghost" icon={Ban} label={t`Revoke ${credential.name}`} />}
      title={t`Revoke ${credential.name}?`}
      action={t`Revoke ${one}`}
      onConfirm={() => revoke.mutateAsync()}
    >
      <p>
        <Trans>Requests and sessions that use it are rejected within one second. This cannot be undone.</Trans>
      </p>
    </Confirm>
  );
}
