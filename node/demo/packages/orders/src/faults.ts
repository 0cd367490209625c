import { ServiceError } from "@signalbox/sdk";
import type { Place } from "./place";

/** Collects everything that is wrong with a document, so that nobody mends it fault by fault. */
export class Faults {
  readonly #list: { pointer: string; message: string }[] = [];

  add(place: Place, message: string): void {
    this.#list.push({ pointer: place.pointer, message });
  }

  /** The text at a place when it is as needed; else "", and the fault is noted. */
  text(place: Place, pattern: RegExp, need: string): string {
    const text = typeof place.value === "number" ? String(place.value) : place.value;
    if (text === undefined || text === null || text === "") {
      this.add(place, `is missing; ${need} is needed`);
      return "";
    }
    if (typeof text === "string" && pattern.test(text.trim())) return text.trim();
    this.add(place, `is ${shown(text)}; ${need} is needed`);
    return "";
  }

  /** As text, and the day must be in the calendar. */
  day(place: Place): string {
    const need = "a day such as 2025-11-20";
    const text = this.text(place, /^\d{4}-\d{2}-\d{2}$/, need);
    if (text === "") return "";
    const day = new Date(text + "T00:00:00Z");
    if (!Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)) return text;
    this.add(place, `is ${shown(text)}, which is not in the calendar; ${need} is needed`);
    return "";
  }

  /** Ends the call with 400 and the list when there is a fault. */
  refuse(what: string): void {
    if (this.#list.length > 0) throw new ServiceError("invalid_input", `${what} has faults`, 400, this.#list);
  }
}

/** A value for a message: short, whatever the sender wrote. */
function shown(value: unknown): string {
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? text.slice(0, 59) + "…" : text;
}
