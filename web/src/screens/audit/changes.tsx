import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { formatJson } from '../../api/exact-json';
import type { AuditEntry } from '../../api/types';

/** The old and new values of an entry, one field a row. */
export function Changes({ changes }: Pick<AuditEntry, 'changes'>) {
  const fields = Object.entries(changes);
  if (fields.length === 0) return null;
  return (
    <table className="table-plain" aria-label={t`Changes`}>
      <thead>
        <tr>
          <th scope="col">
            <Trans>Field</Trans>
          </th>
          <th scope="col">
            <Trans>From</Trans>
          </th>
          <th scope="col">
            <Trans>To</Trans>
          </th>
        </tr>
      </thead>
      <tbody>
        {fields.map(([field, { from, to }]) => (
          <tr key={field}>
            <td>{field}</td>
            <td className="wrap-anywhere">{valueText(from)}</td>
            <td className="wrap-anywhere">{valueText(to)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A value as text: `none` if absent, `hidden` if the audit log does not keep it. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return t`none`;
  if (value === '***') return t`hidden`;
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) return value.join(', ') || t`none`;
  return typeof value === 'object' ? formatJson(value) : String(value);
}
