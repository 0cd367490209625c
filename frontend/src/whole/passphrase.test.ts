import { describe, expect, it } from 'vitest'
import { steps, strength } from './passphrase'

describe('a passphrase', () => {
  it.each([
    ['short', 'eleven char'],
    ['simple', 'aaaaaaaaaaaaaaaa'],
    ['simple', '123456789012345'],
    ['simple', 'abababababababab'],
    ['fair', 'hush-umbrella'],
    ['good', 'hush-umbrella-kiosk-parade'],
  ])('is %s: %s', (want, text) => {
    expect(strength(text)).toBe(want)
  })
  it('counts characters, not bytes, and no runs', () => {
    expect(steps('1234')).toBe(0)
    expect(strength('äöüäöüäöüäö')).toBe('short')
  })
})
