import { useCallback, useEffect, useRef, useState } from 'react';

/** Moves the focus to the first refused input of a form, once the refusal is on the screen. */
export function useFocusFirstError() {
  const form = useRef<HTMLFormElement>(null);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    if (asked > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [asked]);

  const focusFirstError = useCallback(() => setAsked((count) => count + 1), []);
  return { form, focusFirstError };
}
