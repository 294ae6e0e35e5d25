/** The schedules to choose from. Any other expression counts as a custom one. */
export const SCHEDULES = {
  'every-2': '*/2 * * * *',
  'every-5': '*/5 * * * *',
  'every-15': '*/15 * * * *',
  hourly: '0 * * * *',
  nightly: '0 3 * * *',
} as const;

export type ScheduleChoice = keyof typeof SCHEDULES | 'own';

export const CHOICES = [...(Object.keys(SCHEDULES) as (keyof typeof SCHEDULES)[]), 'own'] as const;

export const isChoice = (value: string): value is ScheduleChoice => CHOICES.some((choice) => choice === value);

export function choiceOf(expression: string): ScheduleChoice {
  const plain = expression.trim().replace(/\s+/g, ' ');
  return CHOICES.find((choice) => choice !== 'own' && SCHEDULES[choice] === plain) ?? 'own';
}
