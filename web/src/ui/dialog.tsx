import { t } from '@lingui/core/macro';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useEffect, type CSSProperties, type ReactNode } from 'react';
import { setWindowTitle } from '../api/branding';
import { Button } from './button';
import { useDiscardGuard } from './discard';
import { useDrawerWidth } from './drawer-width';
import { NeighbourButtons, type Neighbours } from './neighbours';
import { useReturnFocus } from './return-focus';

export { Actions } from './actions';
export { Confirm } from './dialog-confirm';

interface PanelProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** A centered dialog. On a narrow screen it takes the full width. */
export function Dialog({ wide = false, ...panel }: PanelProps & { wide?: boolean }) {
  return <Panel {...panel} className={wide ? 'dialog dialog-wide' : 'dialog'} />;
}

/**
 * A panel from the right, for the details of a list row.
 *
 * @param rowId - the row that it shows
 * @param neighbours - what leads to the rows around it
 */
export function Drawer({ neighbours, ...panel }: PanelProps & { rowId?: string | null; neighbours?: Neighbours }) {
  useWindowTitle(panel.open ? panel.title : undefined);
  const { style, edge, button } = useDrawerWidth();
  const tools = (
    <>
      {neighbours && <NeighbourButtons neighbours={neighbours} />}
      {button}
    </>
  );
  return <Panel {...panel} tools={tools} edge={edge} style={style} className="drawer" />;
}

function Panel({
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
}: PanelProps & {
  className: string;
  rowId?: string | null;
  tools?: ReactNode;
  edge?: ReactNode;
  style?: CSSProperties;
}) {
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

/** The title of the window while a drawer is open, so that the entries of the history differ. */
function useWindowTitle(title: string | undefined) {
  useEffect(() => {
    if (title === undefined) return;
    const before = document.title;
    setWindowTitle(title);
    return () => void (document.title = before);
  }, [title]);
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
