/** The log of the plugin. Foreign texts pass through `printable` before they get here. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
