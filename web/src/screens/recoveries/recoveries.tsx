import { PageHead } from '../../ui/page';

export function Recoveries() {
  return <PageHead title="Recoveries" />;
}
