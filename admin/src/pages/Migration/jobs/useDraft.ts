import { useState } from 'react';

/** A text being typed over a stored one: until it is saved, what comes from the server does not touch it. */
export function useDraft(stored: string) {
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string | undefined>(undefined);
  const edit = (text: string) => {
    setDraft(text);
    setError(undefined);
  };
  const forget = () => {
    setDraft(null);
    setError(undefined);
  };
  return { value: draft ?? stored, changed: draft !== null && draft.trim() !== stored, error, setError, edit, forget };
}
