/** Where the engine reports to. Texts of foreign origin pass `printable` before they get here. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
