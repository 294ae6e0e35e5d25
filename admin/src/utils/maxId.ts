/** Reads a typed limit: null if there is none, and undefined if the text is no ID of a file. */
export function readMaxId(text: string): number | null | undefined {
  const digits = text.trim();
  if (digits === '') return null;
  const id = /^\d+$/.test(digits) ? Number(digits) : 0;
  return id > 0 && Number.isSafeInteger(id) ? id : undefined;
}
