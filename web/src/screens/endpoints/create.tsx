import { PageHead } from '../../ui/page';

export function CreateEndpoint() {
  return <PageHead title="New endpoint" />;
}
