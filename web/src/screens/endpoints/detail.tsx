import { PageHead } from '../../ui/page';

export function EndpointDetail() {
  return <PageHead title="Endpoint" />;
}
