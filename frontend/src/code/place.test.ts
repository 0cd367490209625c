import { describe, expect, it } from 'vitest'
import { offsetOf } from './place'

describe('places', () => {
  const text = 'one\n"😀" = x\n\nlast'
  it.each([[1, 1, 0], [1, 4, 3], [1, 99, 3], [2, 1, 4], [2, 3, 7], [2, 4, 8], [3, 1, 13], [4, 2, 15], [9, 9, 18], [0, 0, 0]])('line %i column %i', (line, column, offset) => {
    expect(offsetOf(text, line, column)).toBe(offset)
  })
})
