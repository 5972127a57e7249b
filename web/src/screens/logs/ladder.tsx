import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Check, Clock, Columns2, Hourglass, X } from 'lucide-react';
import { useState } from 'react';
import type { Attempt, NotificationDetail } from '../../api/types';
import { Badge, ResponseBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Countdown, formatDuration, formatMilliseconds, Time } from '../../ui/time';
import { AttemptContent } from './attempt-content';
import { Step } from '../shared/step';
import { CompareAttempts } from './compare';
import styles from './ladder.module.css';

/**
 * The attempts of a notification as a timeline: past attempts, which expand, then the next one
 * counting down, then those still to come.
 */
export function Ladder({ notification, schedule }: { notification: NotificationDetail; schedule: readonly number[] }) {
  const { attempts, status, nextAttemptAt } = notification;
  /** The attempt that the user opened; null: none. Absent: the newest one is open. */
  const [chosen, setChosen] = useState<string | null>();
  const open = chosen === undefined ? attempts.at(-1)?.id : chosen;
  const [comparing, setComparing] = useState(false);
  const delays = status === 'retrying' ? remainingDelays(attempts, schedule) : [];
  return (
    <>
      <div className="row spread">
        <h3>
          <Trans>Attempts</Trans>
        </h3>
        {attempts.length > 1 && (
          <Button small icon={Columns2} onClick={() => setComparing(true)}>
            <Trans>Compare</Trans>
          </Button>
        )}
      </div>
      {attempts.length === 0 && (
        <p className="muted">
          <Trans>No attempts yet</Trans>
        </p>
      )}
      {comparing && <CompareAttempts attempts={attempts} onClose={() => setComparing(false)} />}
      <ol aria-label={t`Attempts`}>
        {attempts.map((attempt) => (
          <PastAttempt
            key={attempt.id}
            attempt={attempt}
            open={open === attempt.id}
            onToggle={() => setChosen(open === attempt.id ? null : attempt.id)}
            onRead={() => setChosen(attempt.id)}
          />
        ))}
        {status === 'retrying' && nextAttemptAt && (
          <Step icon={Hourglass} tone="next">
            <strong>
              <Trans>Attempt {attempts.length + 1}</Trans>
            </strong>
            <span>
              <Countdown inSentence until={nextAttemptAt} />
            </span>
          </Step>
        )}
        {delays.map((seconds, index) => (
          <Step key={index} icon={Clock} tone="later">
            <span>
              <Trans>Attempt {attempts.length + 2 + index}</Trans>
            </span>
            <span>
              <Trans>{formatDuration(seconds)} later, if that fails</Trans>
            </span>
          </Step>
        ))}
      </ol>
    </>
  );
}

/**
 * Returns the delays after the next attempt. A manual retry of a failed or cancelled notification
 * restarts the ladder; a manual retry of a waiting one is its next step.
 */
function remainingDelays(attempts: readonly Attempt[], schedule: readonly number[]): readonly number[] {
  let step = 0;
  for (const { trigger } of attempts) step = trigger === 'manual' && step > schedule.length ? 1 : step + 1;
  return schedule.slice(step);
}

function PastAttempt({
  attempt,
  open,
  onToggle,
  onRead,
}: {
  attempt: Attempt;
  open: boolean;
  onToggle(): void;
  /** Called when the user works with the content, which must then stay when an attempt is added. */
  onRead(): void;
}) {
  const { id, number, trigger, startedAt, durationMs, status, error } = attempt;
  const Icon = error ? X : Check;
  return (
    <Step
      icon={Icon}
      tone={error ? 'bad' : 'ok'}
      content={
        open && (
          <div className={styles.content} onFocus={onRead}>
            <AttemptContent id={id} />
          </div>
        )
      }
    >
      <button type="button" className="link-button" aria-expanded={open} onClick={onToggle}>
        <Trans>Attempt {number}</Trans>
      </button>
      <ResponseBadge status={status} errorClass={error?.class} />
      {trigger === 'manual' && (
        <Badge tone="info">
          <Trans>manual</Trans>
        </Badge>
      )}
      <span className="muted">
        <Time at={startedAt} />, {formatMilliseconds(durationMs)}
      </span>
      {error && error.class !== 'status' && <span className={`muted truncate ${styles.reason}`}>{error.message}</span>}
    </Step>
  );
}
