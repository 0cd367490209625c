import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commandLine, quote } from './command'

/** What a real sh makes of a line: its words and its standard input. */
function shell(line: string): { words: string[]; input: string } {
  const script = `signalbox() { for word in "$@"; do printf '%s\\000' "$word"; done; printf '\\001'; cat; }\n${line}`
  const [words = '', input = ''] = execFileSync('sh', ['-c', script], { encoding: 'utf8', input: '' }).split('\u0001')
  return { words: words.split('\0').slice(0, -1), input }
}

const odd = ['plain', 'two words', "it's", '"', '$HOME', '`id`', '$(id)', '\\', 'a\nb', '*', '~', '~root', '!', '#no', 'a=b', '=b', ';', '&', 'übung', '日本', "''", '{a,b}', '-x', 'https://h:8183', '<', '>']

describe('a command line', () => {
  it.each(odd)('%j comes through a shell unchanged', (word) => {
    expect(shell(`signalbox ${quote(word)}`).words).toEqual([word])
  })
  it('stays readable where nothing needs quotes', () => {
    expect(commandLine({ urls: ['https://box:8183'] }, ['set', 'channel', 'orders.create', 'path=/a'])).toBe('signalbox set channel orders.create path=/a --url https://box:8183')
  })
  it('names the address that answered, leaves out what is not there', () => {
    expect(commandLine({ url: 'https://b', urls: ['https://a'] }, ['delete', '', false, undefined, 'x y'])).toBe("signalbox delete 'x y' --url https://b")
    expect(commandLine(undefined, ['status'])).toBe('signalbox status')
  })
  it.each(['kind: channel\nname: a\n', 'no end', '', 'EOF\nEOF1\n', "'$HOME' `id` \\\n"])('hands %j to standard input as it is', (input) => {
    const got = shell(commandLine(undefined, ['set', 'channel', 'a', '-f', '-'], input))
    expect(got.words).toEqual(['set', 'channel', 'a', '-f', '-'])
    expect(got.input).toBe(input === '' || input.endsWith('\n') ? input : input + '\n')
  })
})
