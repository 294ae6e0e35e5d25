import fc from 'fast-check';
import fs from 'node:fs/promises';
import path from 'node:path';

import { StorageError } from '../../../../server/src/core/errors';
import { isIn } from '../../../../server/src/core/ledger/state';
import type { ListedSize } from '../../../../server/src/core/media/library-changes';
import { sweep } from '../../../../server/src/core/sweep/sweep';
import { purge } from '../../../../server/src/core/sweep/purge';
import { catchUp } from '../../../../server/src/core/upkeep/catch-up';
import { awayWorld, MINUTE, type AwayWorld } from '../../../support/away-world';
import { bodyOf } from '../../../support/bodies';
import { commitCleanup } from '../../../support/ledger-steps';

const HOUR = 60 * MINUTE;
const FILES = ['a.txt', 'b.txt'];

/** What happens while the plugin runs, and what plain Strapi does while it does not. */
type Step =
  | { readonly kind: 'put' | 'put-to-disk' | 'remove' | 'clean-up'; readonly file: string }
  | { readonly kind: 'plain-write' | 'plain-write-again' | 'plain-remove' | 'edit'; readonly file: string }
  | { readonly kind: 'catch-up' | 'sweep' }
  | { readonly kind: 'time'; readonly ms: number };

const file = fc.constantFrom(...FILES);
const time = fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(0, 1_000, 5 * MINUTE, HOUR, 25 * HOUR, 8 * 24 * HOUR) });
const running = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('put' as const, 'put', 'put-to-disk', 'remove', 'clean-up', 'edit'), file }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('catch-up' as const, 'sweep') }) },
  { weight: 2, arbitrary: time },
);
const away = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('plain-write' as const, 'plain-write', 'plain-write-again', 'plain-remove', 'edit'), file }) },
  { weight: 2, arbitrary: time },
);
const periods = fc.array(
  fc.record({ running: fc.array(running, { maxLength: 8 }), away: fc.array(away, { maxLength: 5 }), killed: fc.boolean(), crashesAtBoot: fc.boolean(), tellsSizes: fc.constantFrom('bytes' as const, 'kilobytes', 'none') }),
  { minLength: 1, maxLength: 4 },
);

class Project {
  /** The bytes that visitors must get; null: none. */
  readonly expected = new Map<string, string | null>(FILES.map((name) => [name, null]));
  readonly #former = new Map<string, string[]>();
  #writes = 0;

  constructor(
    readonly world: AwayWorld,
    readonly tellsSizes: () => 'bytes' | 'kilobytes' | 'none',
  ) {}

  async do(step: Step, storage?: AwayWorld['storage']): Promise<void> {
    const { world } = this;
    // no two requests happen in one millisecond
    world.pass(5);
    switch (step.kind) {
      case 'time':
        return world.pass(step.ms);
      case 'catch-up':
        return void (await catchUp(world.jobs, 1, world.signal));
      case 'sweep':
        await purge(world.jobs, world.signal);
        return void (await sweep(world.jobs, world.signal));
      case 'put':
      case 'put-to-disk': {
        const toDisk = step.kind === 'put-to-disk';
        if (toDisk) world.fault = (operation) => (operation === 'put' ? Promise.reject(new StorageError('FILE_REFUSED', { refused: true })) : undefined);
        await storage!.put(world.key(step.file), bodyOf(this.#next(step.file)), { mime: null });
        world.fault = undefined;
        return this.#list(step.file);
      }
      case 'remove':
        if (this.expected.get(step.file) === null) return;
        await storage!.remove(world.key(step.file));
        return this.#unlist(step.file);
      case 'clean-up': {
        const row = await world.ledger.find(world.key(step.file));
        if (isIn(row, 'both')) await commitCleanup(world.ledger, row, { graceMs: 2 * HOUR });
        return;
      }
      case 'plain-write':
      case 'plain-write-again': {
        const former = this.#former.get(step.file)?.at(-2);
        const isAgain = step.kind === 'plain-write-again' && former !== undefined;
        await world.write(step.file, isAgain ? this.#current(step.file, former) : this.#next(step.file));
        world.pass(20);
        return this.#list(step.file);
      }
      case 'plain-remove':
        if (this.expected.get(step.file) === null) return;
        await fs.rm(path.join(world.folder, step.file), { force: true });
        return this.#unlist(step.file);
      case 'edit':
        if (this.expected.get(step.file) !== null) this.#list(step.file);
    }
  }

  /** Most contents have the same length, so that sizes tell little. */
  #next(name: string): string {
    this.#writes++;
    return this.#current(name, `${name} ${String(this.#writes).padStart(4, '0')}${this.#writes % 3 === 0 ? ' which is longer than the others' : ''}`);
  }

  #current(name: string, content: string): string {
    this.expected.set(name, content);
    this.#former.set(name, [...(this.#former.get(name) ?? []), content]);
    return content;
  }

  #list(name: string): void {
    const { length } = this.expected.get(name)!;
    const sizes: Record<ReturnType<Project['tellsSizes']>, ListedSize> = { bytes: { bytes: length }, kilobytes: { kilobytes: Math.round(length / 10) / 100 }, none: null };
    this.world.list(name, sizes[this.tellsSizes()]);
  }

  #unlist(name: string): void {
    this.world.unlist(name);
    this.expected.set(name, null);
  }
}

test('whatever plain Strapi does between two starts, visitors get its newest bytes from the first request on', async () => {
  await fc.assert(
    fc.asyncProperty(periods, async (history) => {
      const world = await awayWorld();
      // a file of which nobody knows keeps the library from being empty
      world.list('other.txt', null);
      let tellsSizes: 'bytes' | 'kilobytes' | 'none' = 'bytes';
      const project = new Project(world, () => tellsSizes);
      const check = async (read: (name: string) => Promise<string>, when: string) => {
        for (const [name, content] of project.expected) {
          const got = await read(name);
          if (content !== null) expect([when, name, got]).toEqual([when, name, content]);
          else if (when === 'after the look') expect([when, name, ['gone', 'unknown'].includes(got)]).toEqual([when, name, true]);
        }
      };
      try {
        for (const period of history) {
          ({ tellsSizes } = period);
          const { absence, read, storage } = await world.start();
          await check(read, 'at first');
          await absence.lookAtHeld(world.signal);
          await absence.look(world.signal);
          await check(read, 'after the look');
          for (const step of period.running) {
            await project.do(step, storage);
            await check(read, 'meanwhile');
          }
          await absence.look(world.signal);
          await check(read, 'after a later look');
          if (!period.killed) await absence.stop();
          for (const step of period.away) await project.do(step);
          // this start reads what has changed, and comes to nothing
          if (period.crashesAtBoot) await world.start();
          world.pass(1_000);
        }
        const { absence, read } = await world.start();
        await check(read, 'at first');
        await absence.lookAtHeld(world.signal);
        await absence.look(world.signal);
        await check(read, 'after the look');
      } finally {
        await world.close();
      }
    }),
    { numRuns: 200 },
  );
}, 120_000);
