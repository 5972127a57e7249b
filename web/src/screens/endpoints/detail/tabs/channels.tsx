import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { usePermissions } from '../../../../api/session';
import type { Subscription } from '../../../../api/types';
import { Button } from '../../../../ui/button';
import { Actions } from '../../../../ui/dialog';
import { Form } from '../../../../ui/form';
import { Card } from '../../../../ui/page';
import { Chips } from '../../shared/chips';
import { ChannelFields } from '../../fields/channels';
import { useUpdateEndpoint } from '../../shared/actions';

/** The endpoint's channels, edited in place. */
export function ChannelsTab({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const [channels, setChannels] = useState<string[]>();
  const change = useUpdateEndpoint(subscription);
  if (!can.manageEndpoints)
    return (
      <Card title={t`Channels`}>
        <Chips
          label={t`Channels`}
          items={subscription.channels}
          empty={t`None. It receives every event of its types.`}
        />
      </Card>
    );
  const changed = channels !== undefined && channels.join('\n') !== subscription.channels.join('\n');
  return (
    <Card title={t`Channels`}>
      <Form
        label={t`Channels`}
        error={change.error}
        onSubmit={() => change.mutate({ channels }, { onSuccess: () => setChannels(undefined) })}
      >
        <ChannelFields
          draft={{ channels: channels ?? subscription.channels }}
          set={(next) => setChannels(next.channels)}
        />
        {changed && (
          <Actions>
            <Button onClick={() => setChannels(undefined)}>
              <Trans>Discard</Trans>
            </Button>
            <Button type="submit" variant="primary" busy={change.isPending}>
              <Trans>Save channels</Trans>
            </Button>
          </Actions>
        )}
      </Form>
    </Card>
  );
}
