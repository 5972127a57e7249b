import { PageHead } from '../../ui/page';

export function Customers() {
  return <PageHead title="Customers" />;
}
