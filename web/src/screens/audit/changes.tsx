import { formatJson } from '../../api/exact-json';
import type { AuditEntry } from '../../api/types';

/** The old and new values of an entry, one field a row. */
export function Changes({ changes }: Pick<AuditEntry, 'changes'>) {
  const fields = Object.entries(changes);
  if (fields.length === 0) return null;
  return (
    <table className="table-plain" aria-label="Changes">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
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
  if (value === null || value === undefined) return 'none';
  if (value === '***') return 'hidden';
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) return value.join(', ') || 'none';
  return typeof value === 'object' ? formatJson(value) : String(value);
}
