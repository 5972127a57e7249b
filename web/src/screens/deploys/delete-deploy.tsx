import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Trash2 } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Deploy } from '../../api/types';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';

/** Deletes a deploy, after a question. */
export default function DeleteDeploy({ deploy: { id, version } }: { deploy: Deploy }) {
  const remove = useAction(() => api.delete(at`/v1/deploys/${id}`), {
    done: t`Deploy ${version} deleted`,
    invalidate: ['/v1/deploys'],
  });
  return (
    <Confirm
      trigger={<Button small variant="ghost" icon={Trash2} label={t`Delete deploy ${version}`} />}
      title={t`Delete deploy ${version}?`}
      action={t`Delete`}
      onConfirm={() => remove.mutateAsync()}
    >
      <p>
        <Trans>It disappears from charts and histories. Deliveries do not change.</Trans>
      </p>
    </Confirm>
  );
}
