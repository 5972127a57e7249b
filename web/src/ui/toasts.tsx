import { t } from '@lingui/core/macro';
import { CheckCircle2, TriangleAlert, X } from 'lucide-react';
import { Toast } from 'radix-ui';

export interface Message {
  id: number;
  tone: 'ok' | 'bad';
  text: string;
}
export interface ToastsProps {
  messages: readonly Message[];
  onDrop(id: number): void;
}

/** The messages in the corner. Loaded for the first one. */
export default function Toasts({ messages, onDrop }: ToastsProps) {
  return (
    <Toast.Provider duration={6000} label={t`Message`}>
      {messages.map(({ id, tone, text }) => (
        <Toast.Root
          key={id}
          className={`toast toast-${tone}`}
          type={tone === 'bad' ? 'foreground' : 'background'}
          onOpenChange={(open) => open || onDrop(id)}
        >
          {tone === 'ok' ? <CheckCircle2 size={18} aria-hidden /> : <TriangleAlert size={18} aria-hidden />}
          <Toast.Description className="grow">{text}</Toast.Description>
          <Toast.Close className="button button-ghost button-icon button-small" aria-label={t`Dismiss`}>
            <X size={16} aria-hidden />
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="toasts" label={t`Notifications (${'{hotkey}'})`} />
    </Toast.Provider>
  );
}
