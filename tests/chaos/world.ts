import type { StrapiInstance } from '../support/strapi';
import { Contents, type Kind, type Mark } from './content';
import type { Dice } from './dice';
import { FileModel } from './model';

/** One Strapi process as its clients know it. */
export interface Replica {
  readonly name: string;
  readonly strapi: StrapiInstance;
}

/** A file of the media library that was acknowledged, or found listed after a crash. */
export interface Tracked {
  readonly id: number;
  readonly name: string;
  readonly kind: Kind;
  /** The key of the file itself. */
  readonly key: string;
  readonly formatKeys: readonly string[];
  readonly marks: Mark[];
  readonly model: FileModel;
  /** The MD5 of each format's bytes as first served at rest, by version and key. */
  readonly formatMd5s: Map<string, string>;
  /** The number of writes under way. */
  writers: number;
}

/** An upload that was not acknowledged. The library may list it or not. */
export interface Loose {
  readonly name: string;
  readonly kind: Kind;
  readonly mark: Mark;
}

export interface Violation {
  readonly what: string;
  /** The key whose facts the report collects, or null when there is none. */
  readonly key: string | null;
}

/** The knowledge and the counts of the clients of one campaign. */
export class World {
  readonly files: Tracked[] = [];
  readonly loose: Loose[] = [];
  readonly violations: Violation[] = [];
  readonly counts = new Map<string, number>();
  readonly contents: Contents;
  inFlight = 0;
  #names = 0;

  constructor(
    readonly replicas: readonly [Replica, ...Replica[]],
    readonly dice: Dice,
    /** The time in milliseconds that another replica may lag behind. */
    readonly lagMs: number,
  ) {
    this.contents = new Contents(dice.fork('contents'));
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  counted(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  violated(what: string, key: string | null = null): void {
    this.violations.push({ what, key });
  }

  /** A name that no other upload of this campaign has. */
  nameFor(kind: Kind): string {
    const number = this.#names++;
    const extension = { text: 'txt', binary: 'bin', parts: 'bin', image: number % 2 ? 'jpg' : 'png' }[kind];
    return `${kind}-${number}.${extension}`;
  }

  track(upload: Loose & { id: number; key: string; formatKeys: readonly string[] }, model = new FileModel(this.lagMs)): Tracked {
    const { id, name, kind, key, formatKeys, mark } = upload;
    const file: Tracked = { id, name, kind, key, formatKeys, marks: [mark], model, formatMd5s: new Map(), writers: 0 };
    this.files.push(file);
    return file;
  }
}

/** The time on the clients' clock, in milliseconds. All clients have the same clock. */
export const now = (): number => performance.now();

export const urlOf = (key: string): string => `/uploads/${key}`;
