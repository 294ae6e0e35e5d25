import { ERRORS } from '../contracts/errors';
import type { AdminApi } from '../core/admin/admin-api';
import type { CommandHost } from './command-host';
import { connectionChecks, deliveryChecks, diskCheck, hostChecks, libraryChecks, settingsChecks, type Check } from './doctor-checks';
import { EXIT, writeJson, type CommandIo } from './io';

const SIGNS: Record<Check['verdict'], string> = { ok: '✓', note: '!', wrong: '✗' };

/** Makes the checks one by one, and prints each as soon as it is known. */
export async function runDoctor(host: CommandHost, io: CommandIo, json: boolean): Promise<number> {
  const checks: Check[] = [];
  for await (const check of allChecks(host)) {
    checks.push(check);
    if (!json) io.stdout.write(`${checkLines(check).join('\n')}\n`);
  }
  const found = checks.filter(({ verdict }) => verdict === 'wrong').length;
  if (json) writeJson(io, { ok: found === 0, checks });
  else io.stdout.write(`\n${found === 0 ? 'Nothing is wrong.' : `${found} of ${checks.length} checks found something wrong.`}\n`);
  return found === 0 ? EXIT.DONE : EXIT.FAILED;
}

async function* allChecks(host: CommandHost): AsyncGenerator<Check> {
  let admin: AdminApi | null = null;
  try {
    admin = await host.start();
    yield { name: 'Plugin', verdict: 'ok', text: 'has started', hint: null };
  } catch (error) {
    const text = `could not start: ${error instanceof Error ? error.message : String(error)}`;
    yield { name: 'Plugin', verdict: 'wrong', text, hint: ERRORS.NOT_STARTED.hint };
  }
  const facts = await host.facts();
  const settings = admin && (await admin.settings.answer());
  yield* hostChecks(facts, settings);
  if (!admin || !settings) return;
  yield diskCheck(facts, settings);
  yield* settingsChecks(settings);
  yield* deliveryChecks(settings);
  // without a bucket, or while S3 is off, there is no connection to test
  if (settings.mode !== 'off') yield* connectionChecks(await admin.settings.test({}));
  yield* libraryChecks(await admin.status());
}

function checkLines({ name, verdict, text, hint }: Check): string[] {
  const line = `${SIGNS[verdict]} ${name}: ${text}`;
  return hint ? [line, `    → ${hint}`] : [line];
}
