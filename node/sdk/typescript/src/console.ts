declare global {
  /** The part of the usual console that services have: its lines go to the node's log. */
  interface Console {
    debug(...values: any[]): void;
    log(...values: any[]): void;
    info(...values: any[]): void;
    warn(...values: any[]): void;
    error(...values: any[]): void;
  }

  /** Writes to the node's log; `ctx.log` does so with fields. */
  var console: Console;
}

/** Makes a line of anything. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Puts a console there whose lines go to `write`. */
export function installConsole(write: (level: string, message: string) => void): void {
  const line = (level: string) => (...values: unknown[]): void => write(level, values.map(text).join(" "));
  const info = line("info");
  globalThis.console = { debug: line("debug"), log: info, info, warn: line("warn"), error: line("error") } as Console;
}
