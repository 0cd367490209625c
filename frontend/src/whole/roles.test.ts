import { describe, expect, it } from 'vitest'
import { abilities, higher, refusal } from './roles'

const able = (role: string, read_only = false) => abilities.filter((one) => refusal(one, { role, read_only }) === undefined).map((one) => one.id)

describe('what a role allows', () => {
  it('grows with the role', () => {
    expect(able('viewer')).toEqual(['look', 'history', 'export', 'password'])
    expect(able('operator')).toContain('rotation')
    expect(able('operator')).not.toContain('deploy')
    expect(able('admin')).toHaveLength(abilities.length)
  })
  it('is only looking in read-only mode, whatever the role', () => {
    expect(able('admin', true)).toEqual(['look', 'history', 'export', 'audit', 'backup'])
    expect(refusal(abilities[16], { role: 'viewer', read_only: true })).toBe('role')
  })
  it('tells which roles would add something', () => {
    expect(higher('operator')).toEqual(['developer', 'admin'])
    expect(higher('admin')).toEqual([])
  })
})
