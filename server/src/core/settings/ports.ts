import type { SecretTarget } from './types';

/** The stored row of settings. `secret` is sealed. */
export interface SettingsRow {
  /** It grows by 1 with each write; 0: nothing was stored yet. */
  readonly revision: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secretFor: SecretTarget | null;
  readonly secret: string | null;
}

export type SettingsContent = Omit<SettingsRow, 'revision'>;

export const EMPTY_ROW: SettingsRow = { revision: 0, settings: {}, secretFor: null, secret: null };

/** The one row of settings that all processes of a project share. */
export interface SettingsRepository {
  /** Returns the stored revision, or 0 if nothing is stored. The call is cheap enough for polling. */
  revision(): Promise<number>;
  /** Returns the row, or {@link EMPTY_ROW} if there is none. A row that cannot be parsed reads as one without settings. */
  read(): Promise<SettingsRow>;
  /**
   * Replaces the row by the one that `change` makes of it. Two processes never overwrite each other: if another one came first, `change`
   * is called again with the newer row. If `change` throws, nothing is written, and its error is passed on.
   * @returns the written row, whose revision is one higher
   */
  update(change: (row: SettingsRow) => SettingsContent): Promise<SettingsRow>;
}

/** A secret that was sealed and is now open. */
export interface OpenedSecret {
  readonly value: string;
  /** The target for which the secret was sealed; null if it was sealed before targets were part of the seal. */
  readonly target: SecretTarget | null;
}

/** Seals the secret for the database, together with its target. Somebody who can write the database can change neither of them. */
export interface SecretBox {
  /** Seals a secret for its target. @param text the secret, which must not be empty */
  seal(text: string, target: SecretTarget): string;
  /** Opens a sealed secret. Null if that is impossible: another key or a newer version sealed it, or it is damaged. Never throws. */
  open(sealed: string): OpenedSecret | null;
}
