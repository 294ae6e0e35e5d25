import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

export interface Source {
  /** The path from the top of the repository, with forward slashes. */
  file: string;
  text: string;
}

type Layer = 'contracts' | 'core' | 'adapters' | 'http' | 'cli' | 'engine' | 'entry' | 'admin' | 'migrations' | 'manifest';

/** The layers that each layer may import. A layer may always import itself. */
const ALLOWED: Record<Layer, Layer[]> = {
  contracts: ['manifest'],
  core: ['contracts'],
  adapters: ['contracts', 'core', 'migrations'],
  http: ['contracts', 'core'],
  cli: ['contracts', 'core'],
  engine: ['contracts', 'core', 'adapters', 'http', 'manifest'],
  entry: ['contracts', 'core', 'adapters', 'http', 'cli', 'engine', 'manifest'],
  admin: ['contracts', 'manifest'],
  migrations: [],
  manifest: [],
};

const AWS_FOLDER = 'server/src/core/store/s3/';
/** The port of time and randomness with its real implementation. Everything else in core gets it from outside. */
const CLOCK = 'server/src/core/clock.ts';
/** The files in which the code measures every duration on the clock that nobody sets. */
const TIMED = /^server\/src\/core\/(store|outages|buckets\/probe)\//;
/** The files among them that need calendar time, with the reason. */
const CALENDAR: Record<string, string> = {
  'server/src/core/store/s3/exchange.ts': 'S3 compares the time of a request with its own',
  'server/src/core/store/s3/presign.ts': 'S3 counts the life of a URL from the moment that is written in it',
  'server/src/core/store/s3/signed-gets.ts': 'S3 compares the time of a request with its own',
  'server/src/core/store/s3/role-credentials.ts': 'credentials end at a moment that their issuer names',
  'server/src/core/outages/outage.ts': 'people are told since when',
  'server/src/core/store/resilience/breaker.ts': 'people are told since when',
};
/** Whether core may import a package. It may import Node itself, zod, and in one folder the AWS SDK and undici. */
const isCorePackage = (name: string): boolean => name.startsWith('node:') || name === 'zod';

const CORE = 'server/src/core/';
/**
 * The rooms of core, from the ground up. Each may import those before it and none after it. Rooms of one line do not import one
 * another. `ground` is the files of core itself. Nothing but tests imports `memory`.
 */
const ROOMS: readonly (readonly string[])[] = [
  ['ground'],
  ['pool', 'leases'],
  ['store'],
  ['store/local', 'store/s3', 'store/resilience'],
  ['ledger'],
  ['settings', 'outages', 'volumes', 'public-url'],
  ['instance'],
  ['buckets'],
  ['media'],
  ['sweep'],
  ['runner'],
  ['jobs'],
  ['upkeep'],
  ['admin'],
  ['memory'],
];
/** Files of core itself that stand higher than the ground. */
const HIGHER: Record<string, string> = { 'instance.ts': 'instance' };
/** The files that may set Node's own timers, with the reason why they do not ask the clock. */
const TIMERS: Record<string, string> = {
  'server/src/core/clock.ts': 'it is the clock',
  'server/src/core/heartbeat.ts': 'no promise rests on the interval, and a clock that answers at once would never let the work go on',
  'server/src/core/worker.ts': 'no promise rests on the pause between two runs, and tests wake the worker',
};

/** The room of a file of core, or null for a file elsewhere. */
function roomOf(file: string): string | null {
  if (!file.startsWith(CORE)) return null;
  const [first = '', second, third] = file.slice(CORE.length).split('/');
  if (second === undefined) return HIGHER[first.endsWith('.ts') ? first : `${first}.ts`] ?? 'ground';
  return first === 'store' && third !== undefined ? `store/${second}` : first;
}

function mayEnter(from: string, to: string): boolean {
  const at = (room: string) => ROOMS.findIndex((line) => line.includes(room));
  return from === to || (at(to) >= 0 && at(to) < at(from) && to !== 'memory');
}

function layerOf(file: string): Layer | null {
  if (file === 'strapi-plugin.json') return 'manifest';
  if (file.startsWith('migrations/')) return 'migrations';
  if (file.startsWith('admin/')) return 'admin';
  const [, inServer] = /^server\/src\/(.+)$/.exec(file) ?? [];
  if (!inServer) return null;
  for (const folder of ['contracts', 'core', 'adapters', 'http', 'cli'] as const) if (inServer.startsWith(`${folder}/`)) return folder;
  return inServer.startsWith('engine/') ? 'engine' : 'entry';
}

/** Every module that a file names in imports, re-exports, `import()`, `require()` and `import('…')` types. */
function specifiersOf(parsed: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      found.push(node.moduleSpecifier.text);
    }
    if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText(parsed) === 'require')) {
      const [first] = node.arguments;
      if (first && ts.isStringLiteral(first)) found.push(first.text);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      found.push(node.argument.literal.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

/** Uses of ambient things that core gets from outside instead. */
function ambientUses(parsed: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) {
      const text = node.getText(parsed);
      if (/^(globalThis\.)?console\./.test(text)) found.push('console');
      if (/^(globalThis\.)?process\.env$/.test(text)) found.push('process.env');
      if (text === 'Date.now' || text === 'Math.random') found.push(text);
    }
    if (ts.isNewExpression(node) && node.expression.getText(parsed) === 'Date' && !node.arguments?.length) found.push('new Date()');
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

/** Uses of calendar time, which somebody may set at any moment. */
function calendarUses(parsed: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'now' && /clock$/i.test(node.expression.getText(parsed))) found.push(node.getText(parsed));
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

/** Uses of Node's own timers. */
function timerUses(parsed: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(globalThis\.)?(setTimeout|setInterval)$/.test(node.expression.getText(parsed))) found.push(node.expression.getText(parsed));
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

/** The rings of files that import one another, also for types only. Each ring is the list of its files. */
export function importRings(sources: Source[]): string[][] {
  const files = new Set(sources.map(({ file }) => file));
  const imports = new Map(
    sources.map(({ file, text }) => {
      const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
      const targets = specifiersOf(parsed).flatMap((name) => {
        const target = path.posix.join(path.posix.dirname(file), name);
        return name.startsWith('.') ? ['.ts', '.tsx', '/index.ts', '/index.tsx'].map((end) => target + end).filter((other) => files.has(other)) : [];
      });
      return [file, targets] as const;
    }),
  );
  // this is Tarjan's algorithm for strongly connected components
  const rings: string[][] = [];
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const trail: string[] = [];
  const walk = (file: string): number => {
    const number = numbers.size;
    numbers.set(file, number);
    lowest.set(file, number);
    trail.push(file);
    for (const other of imports.get(file) ?? []) {
      const reached = !numbers.has(other) ? walk(other) : trail.includes(other) ? (numbers.get(other) as number) : Infinity;
      lowest.set(file, Math.min(lowest.get(file) as number, reached));
    }
    const low = lowest.get(file) as number;
    if (low === number) {
      const ring = trail.splice(trail.indexOf(file));
      if (ring.length > 1) rings.push(ring.sort());
    }
    return low;
  };
  for (const file of files) if (!numbers.has(file)) walk(file);
  return rings;
}

/** Every import that points the wrong way, in words. */
export function wrongImports(sources: Source[]): string[] {
  return sources.flatMap(({ file, text }) => {
    const layer = layerOf(file);
    if (!layer) return [];
    const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);

    const wrong = specifiersOf(parsed).flatMap((name) => {
      if (name.startsWith('.')) {
        const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), name));
        // a folder is imported by its bare name; the slash makes it match like a file in it
        const other = layerOf(target) ?? layerOf(`${target}/`);
        const rooms = [roomOf(file), roomOf(target)] as const;
        if (rooms[0] !== null && rooms[1] !== null && !mayEnter(rooms[0], rooms[1])) return [`${file}: the room ${rooms[0]} must not import ${rooms[1]} (${name})`];
        if (other === layer) return [];
        if (other && ALLOWED[layer].includes(other)) return [];
        return [`${file}: ${layer} must not import ${other ?? target} (${name})`];
      }
      if (name.startsWith('@aws-sdk/') || name.startsWith('@smithy/') || name === 'undici') {
        return file.startsWith(AWS_FOLDER) ? [] : [`${file}: the clients of S3 belong to ${AWS_FOLDER} (${name})`];
      }
      if (layer === 'core' && !isCorePackage(name)) return [`${file}: core knows Node, zod and the AWS SDK only (${name})`];
      if (layer === 'contracts' && name !== 'zod') return [`${file}: contracts import nothing (${name})`];
      if (layer === 'migrations' && name !== 'knex') return [`${file}: migrations import nothing but knex (${name})`];
      return [];
    });
    const ambient = (layer === 'core' || layer === 'cli') && file !== CLOCK ? ambientUses(parsed).map((use) => `${file}: ${layer} must be given ${use} from outside`) : [];
    const isTimed = TIMED.test(file) && !(file in CALENDAR);
    const calendar = isTimed ? calendarUses(parsed).map((use) => `${file}: a duration is measured by elapsed(), not by ${use}`) : [];
    const timers = layer === 'core' && !(file in TIMERS) ? timerUses(parsed).map((use) => `${file}: the clock waits, not ${use}`) : [];
    return [...wrong, ...ambient, ...calendar, ...timers];
  });
}

export function readSources(root: string): Source[] {
  const under = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return under(name);
      return /\.tsx?$/.test(entry.name) ? [name] : [];
    });
  return ['server/src', 'admin/src', 'migrations']
    .flatMap(under)
    .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
}
