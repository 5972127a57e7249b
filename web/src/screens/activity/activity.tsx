import { PageHead } from '../../ui/page';

export function ActivityScreen() {
  return <PageHead title="Activity" />;
}
