import { PageHead } from '../../ui/page';

export function Endpoints() {
  return <PageHead title="Endpoints" />;
}
