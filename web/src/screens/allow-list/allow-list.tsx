import { PageHead } from '../../ui/page';

export function AllowList() {
  return <PageHead title="Allow-list" />;
}
