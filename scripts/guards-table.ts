export const guardsTable = (): string => '';
