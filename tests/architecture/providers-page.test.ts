import { readFileSync } from 'node:fs';
import path from 'node:path';

import { PRESETS } from '../../server/src/contracts/presets';
import { iamPolicy } from '../../server/src/core/buckets/probe/snippets';

const page = readFileSync(path.resolve(__dirname, '../../docs/providers.md'), 'utf8');

test('docs/providers.md has the policy that the connection test shows', () => {
  expect(page).toContain(`\`\`\`json\n${iamPolicy('my-media', '')}\n\`\`\``);
});

test('docs/providers.md has five steps for each provider, which end with a test and call the provider as the panel does', () => {
  const sections = page.split(/^## /m).slice(1, 1 + PRESETS.length);
  for (const section of sections) {
    expect(section.match(/^\d\. \*\*/gm)).toEqual(['1. **', '2. **', '3. **', '4. **', '5. **']);
    expect(section).toContain('5. **Test and save.**');
  }
  expect(PRESETS.filter(({ label }) => !sections.some((section) => section.includes(`choose *${label}*`)))).toEqual([]);
});
