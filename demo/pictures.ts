import sharp from 'sharp';

import type { TestFile } from '../tests/support/images';

/** Something worth looking at in the media library: a sunset over hills, the sun somewhere else for each name. */
export async function landscape(name: string, format: 'jpeg' | 'png', width: number, height: number, hue: number): Promise<TestFile> {
  const hill = (top: number, sway: number, lightness: number) =>
    `<path fill="hsl(${hue} 45% ${lightness}%)" d="M0 ${top} Q${width * 0.25} ${top - sway} ${width * 0.5} ${top}
      T${width} ${top - sway / 3} V${height} H0 Z"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1">
      <stop offset="0" stop-color="hsl(${hue} 70% 35%)"/><stop offset=".65" stop-color="hsl(${(hue + 150) % 360} 90% 72%)"/>
    </linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    <circle cx="${width * (0.2 + (hue % 100) / 160)}" cy="${height * 0.45}" r="${height * 0.1}" fill="#fff3c4"/>
    ${hill(height * 0.62, height * 0.22, 38)}${hill(height * 0.74, -height * 0.16, 26)}${hill(height * 0.86, height * 0.1, 15)}
  </svg>`;
  return { name, type: `image/${format}`, bytes: await sharp(Buffer.from(svg)).toFormat(format).toBuffer() };
}
