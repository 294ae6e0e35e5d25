import type { EngineParts } from '../media/deps';
import type { MediaLibrary } from '../media/library';
import type { Job } from './job';

export type LibraryJobsDeps = EngineParts & { library: MediaLibrary };

/** The jobs on the whole library, in the order in which a library takes them. */
export function libraryJobs(_deps: LibraryJobsDeps): Job[] {
  return [];
}
