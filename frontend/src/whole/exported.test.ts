import { describe, expect, it } from 'vitest'
import { chosenWords, exportPath, toggleKind, toggleName } from './exported'

describe('what is exported', () => {
  it('is everything at first', () => {
    expect(exportPath({ kinds: [], names: [] })).toBe('export')
  })
  it('is kinds and single definitions', () => {
    const chosen = toggleName(toggleKind({ kinds: [], names: [] }, 'security'), 'channel/a b')
    expect(exportPath(chosen)).toBe('export?kind=security&definition=channel%2Fa%20b')
    expect(chosenWords(chosen)).toEqual(['security', 'channel/a b'])
  })
  it('takes single ones back when their kind is chosen or taken away', () => {
    const chosen = toggleKind({ kinds: [], names: ['channel/a', 'service/b'] }, 'channel')
    expect(chosen).toEqual({ kinds: ['channel'], names: ['service/b'] })
    expect(toggleKind(chosen, 'channel')).toEqual({ kinds: [], names: ['service/b'] })
    expect(toggleName(chosen, 'service/b').names).toEqual([])
  })
})
