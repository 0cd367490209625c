// SHA-256 of bytes, at once. The browser's own answers later each time, which is too slow for
// the many small texts of a log, and is not there on every page that is not served by TLS.

const k = new Uint32Array(64)
const start = new Uint32Array(8)

/** The first 32 bits of the fraction of a root. */
const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0

for (let n = 2, found = 0; found < 64; n++) {
  let prime = true
  for (let i = 2; i * i <= n; i++) if (n % i === 0) prime = false
  if (!prime) continue
  if (found < 8) start[found] = fraction(Math.sqrt(n))
  k[found++] = fraction(Math.cbrt(n))
}

const words = new Uint32Array(64)
const turn = (x: number, n: number) => (x >>> n) | (x << (32 - n))

export function sha256(bytes: Uint8Array): Uint8Array {
  const size = (((bytes.length + 8) >> 6) + 1) << 6
  const padded = new Uint8Array(size)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(size - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(size - 4, (bytes.length << 3) >>> 0)
  const sum = new Uint32Array(start)
  for (let at = 0; at < size; at += 64) block(view, at, sum)
  const out = new DataView(new ArrayBuffer(32))
  sum.forEach((word, i) => out.setUint32(4 * i, word))
  return new Uint8Array(out.buffer)
}

function block(view: DataView, at: number, sum: Uint32Array): void {
  const w = words
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i)
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15] as number
    const b = w[i - 2] as number
    w[i] = (w[i - 16] as number) + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (w[i - 7] as number) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))
  }
  let [a, b, c, d, e, f, g, h] = sum as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (k[i] as number) + (w[i] as number)) | 0
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) sum[i] = (sum[i] as number) + word
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
