/** A text, or one for each plural form of {n}. */
export type Text = string | { one: string; other: string }
