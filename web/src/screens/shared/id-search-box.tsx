import type { ClipboardEvent } from 'react';
import { useNavigate } from 'react-router';
import { errorText } from '../../api/problem';
import { useSession } from '../../api/session';
import { SearchBox } from '../../ui/filters';
import { useToast } from '../../ui/toast';
import { isId, pageOfId } from './jump';

/** A search field. A pasted id opens the page of what it names. */
export function IdSearchBox(props: Parameters<typeof SearchBox>[0]) {
  const navigate = useNavigate();
  const toast = useToast();
  const { role } = useSession().principal;
  function handlePaste(event: ClipboardEvent) {
    const text = event.clipboardData.getData('text').trim();
    if (!isId(text)) return;
    event.preventDefault();
    pageOfId(text, role).then(
      (page) => (page === null ? props.onChange(text) : navigate(page)),
      (error: unknown) => toast({ tone: 'bad', text: errorText(error) }),
    );
  }
  return <SearchBox {...props} onPaste={handlePaste} />;
}
