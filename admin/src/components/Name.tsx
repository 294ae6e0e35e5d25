import { shownName } from '../utils/names';

/** The name of a file, set apart from the words around it, whichever direction it is read in. */
export function Name({ children }: { children: string }) {
  return <bdi>{shownName(children)}</bdi>;
}
