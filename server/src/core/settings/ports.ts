import type { SecretPlace } from './types';

/** The stored row. `secret` is sealed. */
export interface SettingsRow {
  /** +1 with each write; 0: nothing was stored yet. */
  readonly revision: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secretFor: SecretPlace | null;
  readonly secret: string | null;
}

export type SettingsContent = Omit<SettingsRow, 'revision'>;

export const EMPTY_ROW: SettingsRow = { revision: 0, settings: {}, secretFor: null, secret: null };

/** The one row of settings that all processes of a project share. */
export interface SettingsRepository {
  /** The stored revision, 0 when there is none: cheap, for polling. */
  revision(): Promise<number>;
  /** The row; {@link EMPTY_ROW} when there is none. A row that cannot be parsed reads as one without settings. */
  read(): Promise<SettingsRow>;
  /**
   * Replaces the row by what `change` makes of it and answers what was written, one revision later. Two processes never
   * overwrite each other: `change` is called again, on the newer row, when another one came first. What it throws is
   * passed on, and nothing is written then.
   */
  update(change: (row: SettingsRow) => SettingsContent): Promise<SettingsRow>;
}

/** A sealed secret, opened. */
export interface OpenedSecret {
  readonly value: string;
  /** The place that it was sealed for; null where it was sealed before places were part of the seal. */
  readonly place: SecretPlace | null;
}

/** Seals the secret for the database, together with the place it is for: who can write the database can change neither. */
export interface SecretBox {
  /** @param text not empty */
  seal(text: string, place: SecretPlace): string;
  /** Null when it cannot be opened: another key, damaged, or sealed by a newer version. Never throws. */
  open(sealed: string): OpenedSecret | null;
}
