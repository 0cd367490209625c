import { host } from "../host";

/** A decimal number: a text such as "12.50". A number is read by its digits. */
export type Decimal = string | number;

/** What happens to digits that are cut off. */
export type Rounding = "half_even" | "half_up" | "down" | "up" | "floor" | "ceiling";

/** How a decimal number is written for people. */
export interface DecimalFormat {
  /** Places after the point; as they are when left out. */
  scale?: number;
  /** "half_even" when left out. */
  mode?: Rounding;
  /** Between groups of three digits; none when left out. */
  group?: string;
  /** The decimal point; "." when left out. */
  point?: string;
}

const cmp = (a: Decimal, b: Decimal): -1 | 0 | 1 => host<-1 | 0 | 1>("decimal.cmp", { a, b });

/** Exact decimal arithmetic, for money. Results are texts. */
export const decimal = {
  /** a + b, exact. */
  add: (a: Decimal, b: Decimal): string => host<string>("decimal.add", { a, b }),
  /** a − b, exact. */
  sub: (a: Decimal, b: Decimal): string => host<string>("decimal.sub", { a, b }),
  /** a × b, exact. */
  mul: (a: Decimal, b: Decimal): string => host<string>("decimal.mul", { a, b }),
  /** a ÷ b with exactly `scale` places. */
  div: (a: Decimal, b: Decimal, scale: number, mode: Rounding = "half_even"): string =>
    host<string>("decimal.div", { a, b, scale, mode }),
  /** The value with exactly `scale` places. */
  round: (value: Decimal, scale: number, mode: Rounding = "half_even"): string =>
    host<string>("decimal.round", { value, scale, mode }),
  /** The sum of all values, exact; "0" for none. */
  sum: (values: readonly Decimal[]): string => host<string>("decimal.sum", { values }),
  /** −1, 0 or 1 as a is less than, equal to or greater than b. */
  cmp,
  /** Whether a and b are the same number: "1.0" and "1.00" are. */
  equal: (a: Decimal, b: Decimal): boolean => cmp(a, b) === 0,
  /** Writes a number for people: "1 234,50". */
  format: (value: Decimal, options: DecimalFormat = {}): string => host<string>("decimal.format", { value, ...options }),
};
