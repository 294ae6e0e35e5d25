/**
 * Background and text of small labels. The design system's own badge colours fall below a contrast of 4.5 to 1 in places
 * (warning in light, primary in dark); these pairs hold it in both themes.
 */
export const TINTS = {
  success: { backgroundColor: 'success100', textColor: 'success700' },
  primary: { backgroundColor: 'primary100', textColor: 'primary700' },
  alternative: { backgroundColor: 'alternative100', textColor: 'alternative700' },
  secondary: { backgroundColor: 'secondary100', textColor: 'secondary700' },
  danger: { backgroundColor: 'danger100', textColor: 'danger700' },
  warning: { backgroundColor: 'warning100', textColor: 'neutral800' },
  neutral: { backgroundColor: 'neutral150', textColor: 'neutral800' },
} as const;
