import { createContext, Suspense, useCallback, useContext, useState, type ComponentType, type ReactNode } from 'react';
import { lazyInBackground } from './prefetch';
import type { Message, ToastsProps } from './toasts';

type Show = (message: { tone: 'ok' | 'bad'; text: string }) => void;

// Without its file, which a deploy may have removed, a message is lost, and not the page.
const Toasts = lazyInBackground((): Promise<{ default: ComponentType<ToastsProps> }> =>
  import('./toasts').catch(() => ({ default: () => null })),
);

const Context = createContext<Show>(() => undefined);

/** Shows a message in the corner for 6 seconds. Screen readers announce it. */
export const useToast = () => useContext(Context);

export function ToastProvider({ children }: { children: ReactNode }) {
  /** Undefined until there is a first message: what shows them is loaded for it. */
  const [messages, setMessages] = useState<Message[]>();
  const show = useCallback<Show>((message) => {
    setMessages((shown = []) => [...shown.slice(-3), { ...message, id: Date.now() + Math.random() }]);
  }, []);
  const drop = (id: number) => setMessages((shown) => shown?.filter((message) => message.id !== id));
  return (
    <Context.Provider value={show}>
      {children}
      {messages && (
        <Suspense>
          <Toasts messages={messages} onDrop={drop} />
        </Suspense>
      )}
    </Context.Provider>
  );
}
