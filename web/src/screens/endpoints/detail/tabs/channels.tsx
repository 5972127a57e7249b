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
      <Card title="Channels">
        <Chips label="Channels" items={subscription.channels} empty="None. It receives every event of its types." />
      </Card>
    );
  const changed = channels !== undefined && channels.join('\n') !== subscription.channels.join('\n');
  return (
    <Card title="Channels">
      <Form
        label="Channels"
        error={change.error}
        onSubmit={() => change.mutate({ channels }, { onSuccess: () => setChannels(undefined) })}
      >
        <ChannelFields
          draft={{ channels: channels ?? subscription.channels }}
          set={(next) => setChannels(next.channels)}
        />
        {changed && (
          <Actions>
            <Button onClick={() => setChannels(undefined)}>Discard</Button>
            <Button type="submit" variant="primary" busy={change.isPending}>
              Save channels
            </Button>
          </Actions>
        )}
      </Form>
    </Card>
  );
}
