/** Rounds to two places. */
export const round2 = (x: number): number => Math.round(x * 100) / 100;
