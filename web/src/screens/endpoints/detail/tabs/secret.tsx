import { Eye, EyeOff, Link2, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../../../api/client';
import { useAction } from '../../../../api/queries';
import type { Secret, Subscription } from '../../../../api/types';
import { Button } from '../../../../ui/button';
import { CodeBlock, CopyButton } from '../../../../ui/copy';
import { Card } from '../../../../ui/page';
import { Time, utc } from '../../../../ui/time';
import styles from '../../shared/endpoints.module.css';
import { RotateDialog } from '../../dialogs/rotate-secret';

/** The secret: masked until it is asked for, which the audit notes; copied, rotated, handed over. */
export function SecretTab({ subscription: { id } }: { subscription: Subscription }) {
  const [secret, setSecret] = useState<Secret>();
  const [rotating, setRotating] = useState(false);
  const reveal = useAction(() => api.get<Secret>(at`/v1/subscriptions/${id}/secret`), { invalidate: ['/v1/audit'] });
  return (
    <div className="stack">
      <Card title="Secret">
        <div className="stack">
          <div className={styles.secret}>
            <code className="wrap-anywhere" aria-label="Secret">
              {secret ? secret.secret : '•'.repeat(32)}
            </code>
            {secret && <CopyButton text={secret.secret} label="Copy the secret" />}
          </div>
          {secret && (
            <p className="field-hint">
              Since <Time at={secret.createdAt} />.
              {secret.previous && ` The one before signs too until ${utc(secret.previous.expiresAt).slice(0, 16)} UTC.`}
            </p>
          )}
          <div className="row">
            {secret ? (
              <Button icon={EyeOff} onClick={() => setSecret(undefined)}>
                Hide
              </Button>
            ) : (
              <Button
                icon={Eye}
                busy={reveal.isPending}
                onClick={() => reveal.mutate(undefined, { onSuccess: setSecret })}
              >
                Reveal
              </Button>
            )}
            <Button icon={RefreshCw} onClick={() => setRotating(true)}>
              Rotate…
            </Button>
          </div>
          <p className="field-hint">Revealing and rotating are noted in the audit.</p>
        </div>
      </Card>
      <HandOver id={id} />
      <RotateDialog id={id} open={rotating} onClose={() => setRotating(false)} onRotated={setSecret} />
    </div>
  );
}

function HandOver({ id }: { id: string }) {
  const link = useAction(() => api.post<{ url: string; expiresAt: string }>(at`/v1/subscriptions/${id}/secret/link`), {
    invalidate: ['/v1/audit'],
  });
  return (
    <Card title="Hand it over">
      <div className="stack-s">
        <p>A link shows the secret once, to whoever opens it first. A rotation makes it useless.</p>
        {link.data ? (
          <>
            <CodeBlock label="Link" text={link.data.url} />
            <p className="field-hint">
              Good for one look, until <Time at={link.data.expiresAt} />
            </p>
          </>
        ) : (
          <div>
            <Button icon={Link2} busy={link.isPending} onClick={() => link.mutate()}>
              Make a link
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}
