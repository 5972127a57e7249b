import { PageHead } from '../../ui/page';

export function Logs() {
  return <PageHead title="Logs" />;
}
