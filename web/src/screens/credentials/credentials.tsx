import { PageHead } from '../../ui/page';

export function Credentials() {
  return <PageHead title="Credentials" />;
}
