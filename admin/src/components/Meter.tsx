import { Box } from '@strapi/design-system';

/** The design system's own progress bar tells its value to nobody who cannot see it. Green is only what is all there and good. */
export function Meter({ percent, label, isGood }: { percent: number; label: string; isGood: boolean }) {
  return (
    <Box
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      background="neutral200"
      height="0.8rem"
      hasRadius
      overflow="hidden"
    >
      <Box background={percent === 100 && isGood ? 'success500' : 'primary600'} height="100%" style={{ width: `${percent}%`, transition: 'width 300ms' }} />
    </Box>
  );
}
