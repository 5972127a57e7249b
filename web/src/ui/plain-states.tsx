import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { TriangleAlert } from 'lucide-react';
import { errorText } from '../api/problem';
import { Button } from './plain-button';

/** Shown until it is known which screen to show. Text is seen before anything else. */
export function Loading() {
  return (
    <p className="loading muted" role="status">
      <Trans>Loading…</Trans>
    </p>
  );
}

/** An error state, without a way to another screen. */
export function CouldNotLoad({ what, error, onRetry }: { what?: string; error: unknown; onRetry?(): void }) {
  return (
    <div className="empty" role="alert">
      <TriangleAlert size={28} aria-hidden />
      <p className="empty-title">{what ? t`Could not load ${midSentence(what)}` : t`Could not load this`}</p>
      <p className="muted">{errorText(error)}</p>
      {onRetry && (
        <Button onClick={onRetry}>
          <Trans>Try again</Trans>
        </Button>
      )}
    </div>
  );
}

/**
 * Formats a label for use inside a sentence: `API keys` keeps its capitals, `Endpoints` does not.
 */
export function midSentence(label: string): string {
  return /^[A-Z][a-z]/.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;
}
