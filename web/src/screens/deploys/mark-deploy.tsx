import { Trans } from '@lingui/react/macro';
import { Rocket } from 'lucide-react';
import { useState } from 'react';
import { usePermissions } from '../../api/session';
import type { Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { MarkDialog } from './mark-dialog';

/**
 * The button that opens the form.
 *
 * @param subscription - the endpoint of the screen, if it has one
 */
export function MarkDeploy({ subscription }: { subscription?: Subscription }) {
  const can = usePermissions();
  const [open, setOpen] = useState(false);
  if (!can.manageEndpoints) return null;
  return (
    <>
      <Button small icon={Rocket} onClick={() => setOpen(true)}>
        <Trans>Mark a deploy…</Trans>
      </Button>
      {open && <MarkDialog subscription={subscription} onClose={() => setOpen(false)} />}
    </>
  );
}
