import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { productName } from '../api/branding';
import { useSession } from '../api/session';
import { Logo } from './logo';

/** The logo and name of the service, or of the product in its customers' portals. */
export function Brand({ size }: { size: number }) {
  const { branding, customerName } = useSession();
  return (
    <>
      <BrandLogo url={branding?.logoUrl ?? null} name={branding?.name ?? null} size={size} />
      <div className="brand">
        <strong className="truncate">{productName()}</strong>
        {customerName !== null && (
          <span className="brand-sub truncate">
            <Trans>{customerName} · webhooks</Trans>
          </span>
        )}
      </div>
    </>
  );
}

/** The initial stands for a logo that is absent or cannot be loaded. */
function BrandLogo({ url, name, size }: { url: string | null; name: string | null; size: number }) {
  const [broken, setBroken] = useState(false);
  if (url !== null && !broken)
    return <img className="brand-logo" src={url} alt="" height={size} onError={() => setBroken(true)} />;
  if (name === null) return <Logo size={size} />;
  return (
    <span className="brand-initial" aria-hidden>
      {name.slice(0, 1).toUpperCase()}
    </span>
  );
}
