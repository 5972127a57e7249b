import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Eye, EyeOff, Link2, RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../../../api/client';
import { useAction } from '../../../../api/queries';
import type { Secret, Subscription } from '../../../../api/types';
import { Button } from '../../../../ui/button';
import { CodeBlock, CopyButton } from '../../../../ui/copy';
import { Card } from '../../../../ui/page';
import { exactTime } from '../../../../ui/zone';
import styles from '../../shared/endpoints.module.css';
import { createSecretLink, type SecretLink } from '../../../shared/secret-link';
import { RotateDialog } from '../../dialogs/rotate-secret';

interface ShownLink extends SecretLink {
  /** Until when the previous secret also signs, if a rotation made the link. */
  overlapsUntil?: string;
}

/** The secret, masked until revealed; revealing it is recorded in the audit log. */
export function SecretTab({ subscription: { id } }: { subscription: Subscription }) {
  const [secret, setSecret] = useState<Secret>();
  const [link, setLink] = useState<ShownLink>();
  const [rotating, setRotating] = useState(false);
  const reveal = useAction(() => api.get<Secret>(at`/v1/subscriptions/${id}/secret`), { invalidate: ['/v1/audit'] });
  return (
    <div className="stack">
      <Card title={t`Signing secret`}>
        <div className="stack">
          <div className={styles.secret}>
            <code className="wrap-anywhere" aria-label={t`Secret`}>
              {secret ? secret.secret : '•'.repeat(32)}
            </code>
            {secret && <CopyButton text={secret.secret} label={t`Copy secret`} />}
          </div>
          {secret && (
            <p className="field-hint">
              <Trans>Created {exactTime(secret.createdAt)}.</Trans>{' '}
              {secret.previous && (
                <Trans>The previous secret also signs until {exactTime(secret.previous.expiresAt)}.</Trans>
              )}
            </p>
          )}
          <div className="row">
            {secret ? (
              <Button icon={EyeOff} onClick={() => setSecret(undefined)}>
                <Trans>Hide</Trans>
              </Button>
            ) : (
              <Button
                icon={Eye}
                busy={reveal.isPending}
                onClick={() => reveal.mutate(undefined, { onSuccess: setSecret })}
              >
                <Trans>Reveal</Trans>
              </Button>
            )}
            <Button icon={RefreshCw} onClick={() => setRotating(true)}>
              <Trans>Rotate…</Trans>
            </Button>
          </div>
          <p className="field-hint">
            <Trans>Revealing and rotating the secret are recorded in the audit log.</Trans>
          </p>
        </div>
      </Card>
      <HandOver id={id} link={link} onLink={setLink} />
      <RotateDialog
        id={id}
        open={rotating}
        onClose={() => setRotating(false)}
        onRotated={(rotated, created) => {
          // A secret that is shared by a link need not be seen. A link to the old one is useless.
          setSecret(created ? undefined : rotated);
          setLink(created && { ...created, overlapsUntil: rotated.previous?.expiresAt });
        }}
      />
    </div>
  );
}

function HandOver({ id, link, onLink }: { id: string; link: ShownLink | undefined; onLink(link: SecretLink): void }) {
  const create = useAction(() => createSecretLink(id), { invalidate: ['/v1/audit'] });
  return (
    <Card title={t`Share the secret`}>
      <div className="stack-s">
        <p>
          <Trans>
            Create a one-time link. The first person to open it sees the secret. Rotating the secret invalidates the
            link.
          </Trans>
        </p>
        {link ? (
          <>
            <CodeBlock label={t`Link`} text={link.url} />
            <p className="field-hint">
              <Trans>Can be opened once, until {exactTime(link.expiresAt)}.</Trans>{' '}
              {link.overlapsUntil && (
                <Trans>The previous secret also signs until {exactTime(link.overlapsUntil)}.</Trans>
              )}
            </p>
          </>
        ) : (
          <div>
            <Button
              icon={Link2}
              busy={create.isPending}
              onClick={() => create.mutate(undefined, { onSuccess: onLink })}
            >
              <Trans>Create link</Trans>
            </Button>
          </div>
        )}
      </div>
    </Card>
  );
}
