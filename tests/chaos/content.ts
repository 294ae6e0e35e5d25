import sharp from 'sharp';

import { md5Of } from '../support/bodies';
import type { TestFile } from '../support/images';
import type { Dice } from './dice';

export type Kind = 'text' | 'binary' | 'parts' | 'image';

/** The mark by which tests know bytes again once they have been sent. They tell images apart by their colour, which the formats share. */
export interface Mark {
  readonly md5: string;
  readonly size: number;
  readonly colour: Colour | null;
}

type Colour = readonly [number, number, number];

const MIB = 1024 * 1024;
/** The plugin uploads larger files in parts. */
const PARTS_ABOVE = 64 * MIB;
/** A size in pixels that is large enough for a thumbnail and one more format. */
const PICTURE = { width: 600, height: 400 };
/** Colours lie on a grid, further apart than a JPEG blurs them. */
const STEP = 16;
const STEPS = 13;
const TOLERANCE = 6;

/** Contents that all differ, also in their colours, as far as 2197 colours go. */
export class Contents {
  #made = 0;

  constructor(private readonly dice: Dice) {}

  async make(kind: Kind, name: string): Promise<{ file: TestFile; mark: Mark }> {
    const number = this.#made++;
    if (kind !== 'image') return marked({ name, type: kind === 'text' ? 'text/plain' : 'application/octet-stream', bytes: this.#plain(kind, number) }, null);
    // 1000 and 2197 have no divisor in common, so each colour comes once before one comes again
    const place = (number * 1000) % STEPS ** 3;
    const colour = [place % STEPS, Math.floor(place / STEPS) % STEPS, Math.floor(place / STEPS ** 2)].map((step) => 28 + step * STEP) as unknown as Colour;
    const type = name.endsWith('.png') ? 'png' : 'jpeg';
    return marked({ name, type: `image/${type}`, bytes: await this.#picture(colour, type) }, colour);
  }

  #plain(kind: 'text' | 'binary' | 'parts', number: number): Buffer {
    if (kind === 'text') return Buffer.from(`text ${number}\n`.repeat(this.dice.int(1, 300)));
    if (kind === 'binary') return this.dice.bytes(this.dice.chance(0.1) ? this.dice.int(1, 16) : this.dice.int(1, this.dice.chance(0.2) ? 2 * MIB : 100_000));
    const bytes = Buffer.alloc(PARTS_ABOVE + this.dice.int(1, 2 * MIB), this.dice.bytes(1 * MIB));
    bytes.write(`parts ${number}`, this.dice.int(0, PARTS_ABOVE));
    return bytes;
  }

  #picture(colour: Colour, type: 'png' | 'jpeg'): Promise<Buffer> {
    const { width, height } = PICTURE;
    const noise = this.dice.bytes(4096);
    const pixels = Buffer.allocUnsafe(width * height * 3);
    for (let at = 0; at < pixels.length; at++) pixels[at] = (colour[at % 3] ?? 0) + ((noise[at % 4093] ?? 0) & 7) - 3;
    return sharp(pixels, { raw: { width, height, channels: 3 } }).toFormat(type).toBuffer();
  }
}

function marked(file: TestFile, colour: Colour | null) {
  return { file, mark: { md5: md5Of(file.bytes), size: file.bytes.length, colour } };
}

/** The version from which these bytes of a file or of one of its formats come, or null when they come from none. */
export async function versionOf(marks: readonly Mark[], bytes: Buffer, isFormat: boolean): Promise<number | null> {
  const seen = isFormat ? await colourOf(bytes) : null;
  const md5 = md5Of(bytes);
  const found = marks.findIndex((mark) => (isFormat ? seen && mark.colour?.every((value, at) => Math.abs(value - (seen[at] ?? 0)) <= TOLERANCE) : mark.md5 === md5));
  return found < 0 ? null : found;
}

async function colourOf(bytes: Buffer): Promise<Colour | null> {
  try {
    const { channels } = await sharp(bytes, { failOn: 'warning' }).stats();
    return channels.slice(0, 3).map(({ mean }) => mean) as unknown as Colour;
  } catch {
    return null;
  }
}
