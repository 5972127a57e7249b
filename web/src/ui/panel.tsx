import { t } from '@lingui/core/macro';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { CSSProperties, ReactNode } from 'react';
import { Button } from './button';
import { useDiscardGuard } from './discard';
import { useReturnFocus } from './return-focus';

export interface PanelProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** What distinguishes a drawer from a dialog. */
export interface Frame {
  className: string;
  rowId?: string | null;
  tools?: ReactNode;
  edge?: ReactNode;
  style?: CSSProperties;
}

/** A dialog or a drawer, once it is open. Loaded when one is first used. */
export default function Panel({
  open,
  onClose,
  title,
  description,
  children,
  className,
  rowId,
  tools,
  edge,
  style,
}: PanelProps & Frame) {
  const focus = useReturnFocus(rowId);
  const { question, close, contentProps } = useDiscardGuard(onClose);
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || close()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className={className}
          style={style}
          {...focus}
          {...contentProps}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          {edge}
          <Head title={title} description={description} tools={tools} />
          {children}
          {question}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Head({ title, description, tools }: { title: string; description?: ReactNode; tools?: ReactNode }) {
  return (
    <header className="dialog-head">
      <div className="grow">
        <Radix.Title className="wrap-anywhere">{title}</Radix.Title>
        {description && (
          <Radix.Description asChild>
            <div className="muted">{description}</div>
          </Radix.Description>
        )}
      </div>
      {tools}
      <Radix.Close asChild>
        <Button variant="ghost" icon={X} label={t`Close`} />
      </Radix.Close>
    </header>
  );
}
