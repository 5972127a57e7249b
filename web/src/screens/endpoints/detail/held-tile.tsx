import { t } from '@lingui/core/macro';
import { useState } from 'react';
import { formatNumber } from '../../../i18n/i18n';
import { Tile } from '../../../ui/page';
import { clockTime, dayTime, useZone, zoneName } from '../../../ui/zone';

const DAY_MS = 86_400_000;
/** Older readings say little about the present rate. */
const WINDOW_MS = 120_000;
/** A rate over less time jumps about. */
const LEAST_MS = 4000;

interface Reading {
  at: number;
  held: number;
}

/**
 * How many notifications an endpoint has yet to get after a pause, and when it will have caught up
 * at the rate at which their number falls now.
 *
 * @param readAt - when `held` was read, in milliseconds
 */
export function HeldTile({ id, held, readAt }: { id: string; held: number; readAt: number }) {
  useZone();
  const [readings, setReadings] = useState<Reading[]>([]);
  if (readAt > 0 && readings.at(-1)?.at !== readAt)
    setReadings([...readings.filter(({ at }) => at > readAt - WINDOW_MS), { at: readAt, held }]);
  const end = caughtUpAt(readings);
  return (
    <Tile
      name={t`Held`}
      value={formatNumber(held)}
      sub={
        held === 0
          ? undefined
          : end === undefined
            ? t`until the endpoint is ready`
            : t`caught up at about ${timeText(end)}`
      }
      tone={held > 0 ? 'warn' : undefined}
      to={held > 0 ? `/logs?subscriptionId=${id}&status=held` : undefined}
    />
  );
}

/** When none will be held if the number falls on as it did; undefined if it does not fall. */
function caughtUpAt(readings: readonly Reading[]): number | undefined {
  const first = readings[0];
  const last = readings.at(-1);
  if (!first || !last || last.held === 0 || last.at - first.at < LEAST_MS) return undefined;
  const perMs = (first.held - last.held) / (last.at - first.at);
  return perMs > 0 ? last.at + last.held / perMs : undefined;
}

const timeText = (at: number) => `${at - Date.now() < DAY_MS ? clockTime(at) : dayTime(at)} ${zoneName(at)}`;
