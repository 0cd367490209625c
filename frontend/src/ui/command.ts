// The command line that does what an action does, written so that a shell reads it right.

/** A word as sh reads it back: as it is where that is safe, else in single quotes. */
export function quote(word: string): string {
  if (/^[A-Za-z0-9_%+:,./@-][A-Za-z0-9_%+=:,./@-]*$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

export interface Target {
  url?: string
  urls?: readonly string[]
}

/** Words of a command; what is empty, false or undefined is left out. */
export type Words = readonly (string | false | undefined)[]

/**
 * A `signalbox …` line for a cluster, with what it reads on standard input as a here
 * document. The address is named, so that the line never reaches another cluster; who
 * calls and the cluster's certificate are SIGNALBOX_TOKEN and SIGNALBOX_CA.
 */
export function commandLine(cluster: Target | undefined, words: Words, input?: string): string {
  const url = cluster?.url ?? cluster?.urls?.[0]
  const all = ['signalbox', ...words.filter((word): word is string => typeof word === 'string' && word !== ''), ...(url ? ['--url', url] : [])]
  const line = all.map(quote).join(' ')
  if (input === undefined) return line
  const end = delimiter(input)
  return `${line} <<'${end}'\n${input}${input === '' || input.endsWith('\n') ? '' : '\n'}${end}`
}

/** One command for each of many names: the words before the name, the names, and the words after it. */
export interface Each {
  before: Words
  names: readonly string[]
  after: Words
}

/** A loop of sh over names, which goes on after one that fails; a loop over one name is that command. */
export function loopLine(cluster: Target | undefined, { before, names, after }: Each): string {
  const [only] = names
  if (names.length === 1) return commandLine(cluster, [...before, only, ...after])
  const mark = '@NAME@'
  const line = commandLine(cluster, [...before, mark, ...after])
  const at = commandLine(undefined, before).length + 1
  return `for name in ${names.map(quote).join(' ')}; do ${line.slice(0, at)}"$name"${line.slice(at + mark.length)}; done`
}

/** A word that no line of a text is. */
function delimiter(text: string): string {
  const lines = new Set(text.split('\n'))
  let word = 'EOF'
  for (let i = 1; lines.has(word); i++) word = `EOF${i}`
  return word
}
