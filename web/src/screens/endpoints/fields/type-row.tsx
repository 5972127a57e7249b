import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import { formatJson } from '../../../api/exact-json';
import type { EventType } from '../../../api/types';
import { Badge } from '../../../ui/badge';
import { Button } from '../../../ui/button';
import { CodeBlock } from '../../../ui/copy';
import styles from '../shared/endpoints.module.css';

/** A selectable event type with its description and an expandable sample. */
export function TypeRow({
  type: { name, description, sample },
  chosen,
  covered,
  onToggle,
}: {
  type: EventType;
  chosen: boolean;
  /** Whether a selected pattern matches the type. */
  covered: boolean;
  onToggle(): void;
}) {
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className={styles.type}>
        <input
          type="checkbox"
          id={id}
          checked={chosen}
          onChange={onToggle}
          aria-describedby={description ? `${id}-about` : undefined}
        />
        <div className="grow">
          <label htmlFor={id} className="mono wrap-anywhere">
            {name}
          </label>{' '}
          {covered && !chosen && (
            <Badge tone="info">
              <Trans>matched by a pattern</Trans>
            </Badge>
          )}
          {description && (
            <p id={`${id}-about`} className="field-hint">
              {description}
            </p>
          )}
        </div>
        {sample !== null && sample !== undefined && (
          <Button
            variant="ghost"
            small
            icon={open ? ChevronDown : ChevronRight}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <Trans>Sample</Trans>
          </Button>
        )}
      </div>
      {open && <CodeBlock label={t`Sample of ${name}`} text={formatJson(sample, 2)} />}
    </li>
  );
}
