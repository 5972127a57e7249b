import { PageHead } from '../../ui/page';

export function CustomerDetail() {
  return <PageHead title="Customer" />;
}
