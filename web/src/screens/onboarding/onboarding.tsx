import { PageHead } from '../../ui/page';

export function Onboarding() {
  return <PageHead title="Onboarding" />;
}
