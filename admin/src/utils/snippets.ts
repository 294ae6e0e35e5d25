import type { TranslationKey } from '../translations';

/** The server titles its snippets in English; a test holds these titles against its own. */
const TITLES: Record<string, Extract<TranslationKey, `snippet.title.${string}`>> = {
  'IAM policy for the access key': 'snippet.title.iam',
  'CORS rules of the bucket (only for scripts of other sites that follow a redirect)': 'snippet.title.cors',
};

/** The key of a known title; null for one of a newer server, which is then shown as it came. */
export const snippetTitleKey = (title: string) => TITLES[title] ?? null;
