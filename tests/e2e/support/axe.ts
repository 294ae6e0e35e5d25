import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';

/** Everything that axe calls serious or critical in the page's own part. Strapi's menus around it are not ours to mend. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include('main').analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`));
}
