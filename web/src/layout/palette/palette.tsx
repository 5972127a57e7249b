import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Command } from 'cmdk';
import { CornerDownLeft, Search } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useRef, useState, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { errorText } from '../../api/problem';
import { useSession } from '../../api/session';
import { isId, pageOfId } from '../../screens/shared/jump';
import { useToast } from '../../ui/toast';
import { useCommands } from './commands';
import type { Entry } from './entry';
import { useFound } from './found';
import styles from './palette.module.css';

const ID = 'id';

/**
 * Finds pages, commands, customers, endpoints, event types and ids, by keyboard alone.
 *
 * @param takeTyped - called when the field gets the focus; returns what was typed until then
 * @param opener - gets the focus back
 */
export default function Palette({
  takeTyped,
  opener,
  onClose,
}: {
  takeTyped(): string;
  opener: Element | null;
  onClose(): void;
}) {
  const [q, setQ] = useState('');
  const isFocused = useRef(false);
  const handleFocus = () => {
    if (isFocused.current) return;
    isFocused.current = true;
    setQ(takeTyped());
  };
  const navigate = useNavigate();
  const toast = useToast();
  const { role } = useSession().principal;
  const commands = useCommands(q);
  const found = useFound(q);
  const groups = [...found.groups, ...commands].filter(({ entries }) => entries.length > 0);
  const keys = [...(isId(q) ? [ID] : []), ...groups.flatMap(({ entries }) => entries.map(({ key }) => key))];
  // cmdk marks what is shown first and leaves the mark there, below results that arrive later.
  const moved = useRef(false);
  const [chosen, setChosen] = useState('');
  const move = () => void (moved.current = true);
  const marked = keys.includes(chosen) ? chosen : (keys[0] ?? '');
  const search = (text: string) => {
    moved.current = false;
    setChosen('');
    setQ(text);
  };
  const run = ({ run: target }: Entry) => {
    onClose();
    if (typeof target === 'string') void navigate(target);
    else target();
  };
  const openId = () => {
    onClose();
    pageOfId(q, role).then(
      (page) => (page === null ? toast({ tone: 'bad', text: t`You cannot open this ID.` }) : void navigate(page)),
      (error: unknown) => toast({ tone: 'bad', text: errorText(error) }),
    );
  };
  return (
    <Dialog.Root open onOpenChange={(open) => open || onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content
          className={styles.palette}
          aria-describedby={undefined}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
          }}
        >
          <Dialog.Title className="sr-only">
            <Trans>Command palette</Trans>
          </Dialog.Title>
          <Command
            label={t`Command palette`}
            shouldFilter={false}
            loop
            value={marked}
            onValueChange={(value) => moved.current && setChosen(value)}
            onKeyDown={move}
            onPointerMoveCapture={move}
          >
            <div className={styles.field}>
              <Search size={17} aria-hidden />
              <Command.Input
                value={q}
                onValueChange={search}
                onFocus={handleFocus}
                placeholder={t`Search by ID, name or command`}
              />
            </div>
            <Command.List className={styles.list} label={t`Suggestions`}>
              <Command.Empty className={styles.empty}>
                {found.isLoading ? t`Searching…` : t`Nothing found`}
              </Command.Empty>
              {isId(q) && (
                <Group title={t`ID`}>
                  <Command.Item value={ID} className={styles.item} onSelect={openId}>
                    <CornerDownLeft size={16} aria-hidden />
                    <span className="truncate">
                      <Trans>Open {q.trim()}</Trans>
                    </span>
                  </Command.Item>
                </Group>
              )}
              {groups.map(({ title, entries }) => (
                <Group key={title} title={title}>
                  {entries.map((entry) => (
                    <Command.Item key={entry.key} value={entry.key} className={styles.item} onSelect={() => run(entry)}>
                      <entry.icon size={16} aria-hidden />
                      <span className="truncate">{entry.text}</span>
                      {entry.detail && <span className={`truncate ${styles.detail}`}>{entry.detail}</span>}
                    </Command.Item>
                  ))}
                </Group>
              ))}
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Command.Group heading={title} className={styles.group}>
      {children}
    </Command.Group>
  );
}
