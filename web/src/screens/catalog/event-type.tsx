import { PageHead } from '../../ui/page';

export function EventTypeDetail() {
  return <PageHead title="Event type" />;
}
