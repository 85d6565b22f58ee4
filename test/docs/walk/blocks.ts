/** The fenced blocks of a page in their order, each with the word to the test that stands before it as a comment. */

export interface Block {
  readonly page: string
  /** Of the fence, from 1. */
  readonly line: number
  readonly language: string
  readonly lines: readonly string[]
  /** `run: exit 2` of `<!-- run: exit 2 -->`; undefined where none stands right before the block. */
  readonly word: string | undefined
}

export function blocksOf(page: string, markdown: string): readonly Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^( *)```([a-z]*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const [, indent = '', language = ''] = fence
    const end = lines.findIndex((line, index) => index > at && line === `${indent}\`\`\``)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block has no end`)
    const before = lines.slice(0, at).findLast((line) => line.trim() !== '') ?? ''
    blocks.push({
      page,
      line: at + 1,
      language,
      lines: lines.slice(at + 1, end).map((line) => line.slice(indent.length)),
      word: /^ *<!-- (.*) -->$/.exec(before)?.[1],
    })
    at = end
  }
  return blocks
}

/** One command of a block and the lines that the page shows below it. */
export interface Command {
  readonly text: string
  readonly shown: readonly string[]
}

/** Of a `console` block the lines after `$ `, of a `sh` block all; a backslash or an indent continues a line. */
export function commandsOf({ language, lines }: Block): readonly Command[] {
  const commands: { text: string; shown: string[] }[] = []
  const isShell = language === 'sh'
  let isOpen = false
  for (const line of lines) {
    const last = commands.at(-1)
    const begins = isShell ? line.trim() !== '' && !line.startsWith('#') : line.startsWith('$ ')
    if (isOpen && last !== undefined) last.text = `${last.text.replace(/\\$/, '').trimEnd()} ${line.trim()}`
    else if (begins) commands.push({ text: isShell ? line : line.slice(2), shown: [] })
    else if (line.trim() !== '') last?.shown.push(line)
    isOpen = (begins || isOpen) && line.endsWith('\\')
  }
  return commands.map(({ text, shown }) => ({ text: text.replace(/ +# .*$/, ''), shown }))
}

/** The words of a command line, without their quotes. Enough for what pages show; throws on an open quote. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (const sign of text) {
    if (quote !== '') {
      if (sign === quote) quote = ''
      else word = (word ?? '') + sign
    } else if (sign === '"' || sign === "'") {
      quote = sign
      word ??= ''
    } else if (sign === ' ') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + sign
  }
  if (quote !== '') throw new Error(`a quote is open in ${text}`)
  return word === undefined ? words : [...words, word]
}

/** The parts of a line between `&&`, `;` and `|`, and within `$( )`: what each calls. */
export function callsIn(text: string): readonly string[] {
  const outside = text.replaceAll(/\$\(([^()]*)\)/g, '$1;')
  return outside
    .split(/&&|\|\||[|;]/)
    .map((part) => part.trim().replace(/^([A-Z_a-z]+=("[^"]*"|\S*)? )+/, ''))
    .filter((part) => part !== '')
}
