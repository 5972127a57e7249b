import { t } from '@lingui/core/macro';
import { CheckCircle2, TriangleAlert, X } from 'lucide-react';
import { Toast } from 'radix-ui';
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';

interface Message {
  id: number;
  tone: 'ok' | 'bad';
  text: string;
}
type Show = (message: { tone: 'ok' | 'bad'; text: string }) => void;

const Context = createContext<Show>(() => undefined);

/** Shows a message in the corner for 6 seconds. Screen readers announce it. */
export const useToast = () => useContext(Context);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [messages, setMessages] = useState<Message[]>([]);
  const show = useCallback<Show>((message) => {
    setMessages((shown) => [...shown.slice(-3), { ...message, id: Date.now() + Math.random() }]);
  }, []);
  const drop = (id: number) => setMessages((shown) => shown.filter((message) => message.id !== id));
  return (
    <Context.Provider value={show}>
      <Toast.Provider duration={6000} label={t`Message`}>
        {children}
        {messages.map(({ id, tone, text }) => (
          <Toast.Root
            key={id}
            className={`toast toast-${tone}`}
            type={tone === 'bad' ? 'foreground' : 'background'}
            onOpenChange={(open) => open || drop(id)}
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
    </Context.Provider>
  );
}
