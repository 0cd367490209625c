import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hex, sha256 } from './sha256'

describe('sha256', () => {
  it('is that of the standard', () => {
    expect(hex(sha256(new TextEncoder().encode('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001])('of %i bytes is what Node.js says', (n) => {
    const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 31 + n) & 255)
    expect(hex(sha256(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})
