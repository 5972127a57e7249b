import { PageHead } from '../../ui/page';

export function Audit() {
  return <PageHead title="Audit" />;
}
