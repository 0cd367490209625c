import { describe, expect, it } from 'vitest'
import { places } from './places'

describe('places', () => {
  it('have keys of their own, and none has that of home', () => {
    const keys = places.map((place) => place.key)
    expect(keys).toEqual([...new Set(keys)])
    expect(keys).not.toContain('h')
  })
})
