import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Badge } from '../../ui/badge';
import { fieldsOf } from './fields';

export function FieldTable({ schema }: { schema: object }) {
  const fields = fieldsOf(schema);
  if (fields.length === 0)
    return (
      <p className="muted">
        <Trans>The schema defines no fields. Any object is accepted.</Trans>
      </p>
    );
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={t`Fields`}>
      <table className="table-plain">
        <thead>
          <tr>
            <th scope="col">
              <Trans>Field</Trans>
            </th>
            <th scope="col">
              <Trans>Type</Trans>
            </th>
            <th scope="col">
              <Trans>Description</Trans>
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ path, type, required, description, values }) => (
            <tr key={path}>
              <td>
                <code>{path}</code>
                {required && (
                  <>
                    {' '}
                    <Badge>
                      <Trans>required</Trans>
                    </Badge>
                  </>
                )}
              </td>
              <td className="nowrap">{type}</td>
              <td>
                {description}
                {values.length > 0 && (
                  <div className="muted">
                    <Trans>
                      One of <code>{values.join(', ')}</code>
                    </Trans>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
