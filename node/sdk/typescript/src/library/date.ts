import { host } from "../host";

/** An instant: a text in RFC 3339, a day, or milliseconds since 1970. */
export type DateLike = string | number;

/** A unit that dates are told apart in. */
export type DateUnit = "years" | "months" | "weeks" | "days" | "hours" | "minutes" | "seconds" | "milliseconds";

/** A span that a date can be at the start of. */
export type DateSpan = "minute" | "hour" | "day" | "week" | "month" | "quarter" | "year";

/** What is added to a date; numbers may be negative. */
export type DateSteps = { [K in DateUnit]?: number } & {
  /** The time zone in which days and months are counted; that of the date when left out. */
  zone?: string;
};

/** Dates with time zones. Zones are IANA names, "UTC" or "+02:00"; results are texts in RFC 3339. */
export const date = {
  /** The current instant. */
  now: (zone = "UTC"): string => host<string>("date.now", { zone }),
  /** Reads a date: "auto" (the default), "rfc3339", "rfc1123" or a pattern such as "dd.MM.yyyy". */
  parse: (text: string, format = "auto", zone = "UTC"): string => host<string>("date.parse", { text, format, zone }),
  /** Writes a date: "rfc3339" (the default), "rfc1123", "date" or a pattern, in a zone or as it is. */
  format: (date: DateLike, format = "rfc3339", zone?: string): string => host<string>("date.format", { date, format, zone }),
  /** The date some time later or earlier. */
  add: (date: DateLike, steps: DateSteps): string => host<string>("date.add", { date, ...steps }),
  /** Whole units between two dates, towards zero. */
  diff: (from: DateLike, to: DateLike, unit: DateUnit, zone = "UTC"): number => host<number>("date.diff", { from, to, unit, zone }),
  /** The start of the minute, day, week … that the date is in. Weeks start on Monday unless told. */
  startOf: (date: DateLike, unit: DateSpan, options: { zone?: string; weekStart?: string } = {}): string =>
    host<string>("date.startOf", { date, unit, ...options }),
  /** The names of the time zones. */
  zones: (prefix?: string): string[] => host<string[]>("date.zones", { prefix }),
};
