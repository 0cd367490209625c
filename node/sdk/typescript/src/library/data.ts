/** Text, or bytes in base64. */
export type Data = string | { readonly base64: string };

/** How bytes are written as text. */
export type Encoding = "hex" | "base64" | "base64url";

/** The arguments by which the node takes data. */
export function dataArgs(data: Data): { text: string } | { base64: string } {
  return typeof data === "string" ? { text: data } : { base64: data.base64 };
}
