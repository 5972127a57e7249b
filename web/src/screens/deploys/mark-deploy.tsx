import { Trans } from '@lingui/react/macro';
import { Rocket } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { usePermissions } from '../../api/session';
import type { Subscription } from '../../api/types';
import { Button } from '../../ui/button';
import { Opening } from '../../ui/opening';

const MarkDialog = lazy(async () => ({ default: (await import('./mark-dialog')).MarkDialog }));

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
      {open && (
        <Suspense fallback={<Opening onGiveUp={() => setOpen(false)} />}>
          <MarkDialog subscription={subscription} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
