import { PageHead } from '../../ui/page';

export function Products() {
  return <PageHead title="Products" />;
}
