const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

export const formatNumber = (value: number): string => whole.format(value);

/** Formats a number of files: `1 file`, `12,345 files`. */
export const formatFiles = (count: number): string => `${formatNumber(count)} ${count === 1 ? 'file' : 'files'}`;

/** Formats bytes in powers of 1,000, with at most one decimal: `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${short.format(bytes / 1000 ** step)} ${UNITS[step]}`;
}

export const formatTally = ({ count, bytes }: { count: number; bytes: number }): string => `${formatFiles(count)}, ${formatBytes(bytes)}`;

export const formatRate = (perSecond: number): string => `${(perSecond < 10 ? short : whole).format(perSecond)} files/s`;

/** Formats seconds by their two largest units: `2 h 5 min`, `4 min 12 s`, `0.8 s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${short.format(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return two(Math.floor(rounded / 60), 'min', rounded % 60, 's');
  const minutes = Math.round(rounded / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** Formats an ISO 8601 time to the second: `2026-11-23 19:52:39 UTC`. */
export const formatTime = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
