import { createHash, randomBytes } from 'node:crypto';

import sharp from 'sharp';

export interface TestFile {
  name: string;
  type: string;
  bytes: Buffer;
}

/** Tests compare bytes by this sum, because Jest takes minutes to print how two large buffers differ. */
export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type ImageFormat = 'jpeg' | 'png' | 'webp';

/** A real image. Its noise makes two images differ, and lets none of its resized formats come out equal to another. */
export async function image(name: string, format: ImageFormat, width: number, height: number): Promise<TestFile> {
  const noise = randomBytes(width * height * 3);
  const bytes = await sharp(noise, { raw: { width, height, channels: 3 } })
    .blur(2)
    .toFormat(format)
    .toBuffer();
  return { name, type: `image/${format}`, bytes };
}

export const textFile = (name: string, text: string): TestFile => ({ name, type: 'text/plain', bytes: Buffer.from(text) });

/** The smallest PDF that viewers open, with one line of text. */
export function pdf(name: string, line: string): TestFile {
  const drawn = `BT /F1 24 Tf 72 720 Td (${line.replace(/[()\\]/g, '')}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${drawn.length} >>\nstream\n${drawn}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return String(offset).padStart(10, '0');
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${offset} 00000 n \n`).join('')}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return { name, type: 'application/pdf', bytes: Buffer.from(text, 'latin1') };
}
