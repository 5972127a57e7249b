import { PageHead } from '../../ui/page';

export function EditEndpoint() {
  return <PageHead title="Edit endpoint" />;
}
