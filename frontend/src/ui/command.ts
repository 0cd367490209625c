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

/** A word that no line of a text is. */
function delimiter(text: string): string {
  const lines = new Set(text.split('\n'))
  let word = 'EOF'
  for (let i = 1; lines.has(word); i++) word = `EOF${i}`
  return word
}
