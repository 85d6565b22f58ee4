/**
 * Goes through a page as its reader does, in a folder of its own: runs every command in order, writes the files that it shows
 * and makes the edits that it tells of, and compares what is printed. Words to it are comments right before a block:
 *
 * - `run: exit 2`: the status of the last command of the block; 0 without it. Those before it must be no errors.
 * - `run: take ID from PATTERN`: what the first group of PATTERN finds in the output stands for `ID` from there on.
 * - `run: not here, REASON`: the commands are only parsed.
 * - `file: PATH`: the block is written as this file. `edit: PATH`: a `diff` block is applied to this file.
 * - `tour: …`: the block is not walked; test/tour goes through these.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Block, blocksOf, type Command, commandsOf, wordsOf } from './blocks.ts'
import { runInShell, shellIn, strangerIn, type Told } from './shell.ts'

export interface WalkOptions {
  readonly page: string
  readonly markdown: string
  /** Where the reader stands. */
  readonly folder: string
  readonly environment?: Readonly<Record<string, string>>
  /** The folder of the checkout, which pages call CHECKOUT. */
  readonly checkout: string
  /** For pages whose blocks are examples and no course. */
  readonly examples?: Examples
}

/** How lines that stand alone are run in a workspace that is there. */
export interface Examples {
  /** Puts what the workspace has in the place of ids and paths that a page makes up. */
  stand(command: string): Promise<string>
  /** Why a line is not run here; undefined where it is. */
  notRun(command: string): string | undefined
  /** The status that a line ends with, where it is neither 0 nor 2. */
  statusOf(command: string): number | undefined
}

export interface Walked {
  readonly commands: number
  /** Blocks that are only parsed, with the reason. */
  readonly passedOver: readonly string[]
  /** What came otherwise than the page says. */
  readonly problems: readonly string[]
}

const commandTimeoutMs = 240_000

export async function walk({
  page,
  markdown,
  folder,
  environment = {},
  checkout,
  examples,
}: WalkOptions): Promise<Walked> {
  const variables: Record<string, string> = { ...shellIn(join(folder, '.home')), ...environment }
  const taken = new Map<string, string>([['CHECKOUT', checkout]])
  const passedOver: string[] = []
  const problems: string[] = []
  let commands = 0
  const filled = (text: string) =>
    [...taken].reduce((line, [name, value]) => line.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), value), text)

  for (const block of blocksOf(page, markdown)) {
    const place = `${page}:${block.line}`
    const [verb = '', rest = ''] = (block.word ?? '').split(/: (.*)/)
    try {
      if (verb === 'file') write(join(folder, rest), `${filled(block.lines.join('\n'))}\n`)
      else if (verb === 'edit') edit(join(folder, rest), block)
      else if (verb === 'run' && rest.startsWith('not here')) passedOver.push(`${place}: ${rest}`)
      else if (verb === 'tour') continue
      else if (block.language === 'console' || block.language === 'sh') await runBlock(block, place, rest)
    } catch (error) {
      problems.push(`${place}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { commands, passedOver, problems }

  async function runBlock(block: Block, place: string, word: string): Promise<void> {
    const all = commandsOf(block).filter(({ text }) => {
      const reason = examples?.notRun(text)
      if (reason !== undefined) passedOver.push(`${place}: ${text}: ${reason}`)
      return reason === undefined
    })
    const exit = Number(/^exit (\d)/.exec(word)?.[1] ?? '0')
    for (const [index, command] of all.entries()) {
      commands += 1
      const text = filled(command.text)
      const told = await run(examples === undefined ? text : await examples.stand(text))
      const expected = examples?.statusOf(command.text) ?? (index < all.length - 1 || examples ? undefined : exit)
      problems.push(
        ...differences({ ...command, shown: command.shown.map(filled) }, told, {
          exit: expected,
          isExample: examples !== undefined,
        }).map((text) => `${place}: ${command.text}: ${text}`),
      )
      const take = /take ([A-Z]+) from (.*)$/.exec(word)
      if (take === null || index < all.length - 1) continue
      const found = new RegExp(take[2] ?? '', 'm').exec(told.stdout)?.[1]
      if (found === undefined) problems.push(`${place}: ${take[2]} is not in what is printed:\n${told.stdout}`)
      else taken.set(take[1] ?? '', found)
    }
  }

  async function run(text: string): Promise<Told> {
    const exported = /^(?:export )?(\w+)=(\$\(.*\)|\S*|".*"|'.*')$/.exec(text)
    const name = exported?.[1]
    if (name === undefined) {
      const stranger = strangerIn(text)
      if (stranger !== undefined) throw new Error(`${stranger} is nothing that this test can run`)
      return await runInShell(text, { in: folder, variables, timeoutMs: commandTimeoutMs })
    }
    const value = exported?.[2] ?? ''
    const command = /^\$\((.*)\)$/.exec(value)?.[1]
    if (command === undefined) {
      variables[name] = wordsOf(value).join(' ')
      return { status: 0, stdout: '', stderr: '' }
    }
    const told = await run(command)
    variables[name] = told.stdout.trim()
    return told
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text)
}

/** `-` lines go, `+` lines come after the line before them; all others must be there, in this order. */
function edit(path: string, { lines }: Block): void {
  const text = readFileSync(path, 'utf8').split('\n')
  let at = 0
  for (const line of lines) {
    const [sign, content] = [line.slice(0, 1), line.slice(1)]
    if (sign === '+') {
      text.splice(at, 0, content)
      at += 1
      continue
    }
    // What a page shortens ends with an ellipsis.
    const wanted = content.replace(/…$/, '').trim()
    const found = text.findIndex(
      (one, index) => index >= at && (content.endsWith('…') ? one.trim().startsWith(wanted) : one.trim() === wanted),
    )
    if (found < 0) throw new Error(`${path} has no line ${JSON.stringify(content)}`)
    if (sign === '-') text.splice(found, 1)
    at = sign === '-' ? found : found + 1
  }
  writeFileSync(path, text.join('\n'))
}

interface Expected {
  readonly exit: number | undefined
  /** Then figures, names and quotations are other ones here; the words are not. */
  readonly isExample: boolean
}

function differences({ shown }: Command, told: Told, { exit, isExample }: Expected): readonly string[] {
  const output = `${told.stdout}\n${told.stderr}`
  const lines = output.split('\n')
  const problems = shown.filter(
    (line) => line.trim() !== '…' && !lines.some((one) => patternOf(line, isExample).test(one)),
  )
  return [
    ...((exit === undefined ? told.status !== 0 && told.status !== 2 : told.status !== exit)
      ? [`ended with ${told.status}, not ${exit ?? '0 or 2'}:\n${output}`]
      : []),
    ...(problems.length > 0
      ? [`did not print ${problems.map((one) => JSON.stringify(one)).join(', ')} but\n${output}`]
      : []),
  ]
}

/** Ids and moments depend on the place and the day; an ellipsis stands for anything. */
function patternOf(line: string, isExample: boolean): RegExp {
  const escaped = line.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  // A whole key first: its last part looks like an id.
  const loose = (isExample ? escaped.replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '.*') : escaped)
    .replaceAll('…', '.*')
    .replaceAll(/\b[0-9a-f]{12}\b/g, '[0-9a-f]{12}')
    .replaceAll(/\brun-[0-9a-f]{10}\b/g, 'run-[0-9a-f]{10}')
    .replaceAll(/\b\d{8}T\d{6}Z-[0-9a-f]{8}\b/g, '\\d{8}T\\d{6}Z-[0-9a-f]{8}')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:\\.]+Z/g, '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z')
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b/g, '\\d{4}-\\d\\d-\\d\\d [\\d:]+')
  const shape = isExample ? shapeOf(loose) : loose
  return new RegExp(`^\\s*${shape}\\s*$`)
}

/** A pattern in which figures, names and quotations are any. */
function shapeOf(pattern: string): string {
  return pattern
    .replaceAll(/\b[0-9a-f]{8}\b/g, '.*')
    .replaceAll(/"[^"]*"/g, '.*')
    .replaceAll(/\blocal:\w+/g, 'local:\\w+')
    .replaceAll(/(?<![\w{[\\-])\d+(?:,\d{3})*(?![\w}\]])/g, '[\\d,]+')
}
