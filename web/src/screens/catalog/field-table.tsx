import { Badge } from '../../ui/badge';
import { fieldsOf } from './fields';

export function FieldTable({ schema }: { schema: object }) {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return <p className="muted">The schema defines no fields. Any object is accepted.</p>;
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label="Fields">
      <table className="table-plain">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Type</th>
            <th scope="col">Description</th>
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
                    <Badge>required</Badge>
                  </>
                )}
              </td>
              <td className="nowrap">{type}</td>
              <td>
                {description}
                {values.length > 0 && (
                  <div className="muted">
                    One of <code>{values.join(', ')}</code>
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
