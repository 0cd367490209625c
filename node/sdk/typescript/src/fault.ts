import { causeOf, ServiceError } from "./error";
import { faultMark } from "./host";

/** Most characters of each part of a fault, so that a fault never is the problem. */
const limits = { text: 4_000, stack: 16_000, details: 64_000, causes: 4 };

/** What the engine learns of a thrown value. */
interface Fault {
  kind: "service" | "internal" | "memory" | "stack";
  code?: string;
  message: string;
  status?: number | undefined;
  details?: unknown;
  cause?: number | undefined;
  stack?: string;
  causes?: string[];
}

const cut = (value: unknown, most: number): string => {
  const s = String(value);
  return s.length > most ? s.slice(0, most) + "…" : s;
};

function kindOf(error: unknown): Fault["kind"] {
  if (error === null) return "memory"; // what the engine throws when it has no memory left for an error
  if (!(error instanceof Error)) return "internal";
  if (error.name === "InternalError" && error.message === "out of memory") return "memory";
  if (error.message === "stack overflow") return "stack";
  return error instanceof ServiceError ? "service" : "internal";
}

function causes(error: unknown): string[] {
  const found: string[] = [];
  for (let e = error; e instanceof Error && e.cause !== undefined && found.length < limits.causes; e = e.cause) {
    found.push(cut(e.cause, limits.text));
  }
  return found;
}

function detailsOf(error: ServiceError): unknown {
  const text = JSON.stringify(error.details);
  return text !== undefined && text.length > limits.details ? { omitted: `details of ${text.length} characters` } : error.details;
}

function faultOf(error: unknown): Fault {
  const kind = kindOf(error);
  const fault: Fault = { kind, message: "" };
  if (error instanceof Error) {
    fault.stack = cut(error.stack ?? "", limits.stack);
    fault.causes = causes(error);
  }
  if (kind === "service" && error instanceof ServiceError) {
    fault.code = cut(error.code, limits.text);
    fault.message = cut(error.message, limits.text);
    fault.status = error.status;
    fault.details = detailsOf(error);
    fault.cause = error[causeOf];
    return fault;
  }
  if (kind === "memory") fault.message = "out of memory";
  else fault.message = error instanceof Error ? cut(error, limits.text) : "thrown value " + cut(JSON.stringify(error) ?? error, limits.text);
  return fault;
}

/** Makes text of anything that was thrown. */
export function describeFault(error: unknown): string {
  try {
    return faultMark + JSON.stringify(faultOf(error));
  } catch {
    return faultMark + '{"kind":"internal","message":"the thrown value cannot be described"}';
  }
}
