import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { OperationalError } from '../../errors.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'

/** The pages of docs/explanation: beside the compiled program, or in the checkout. */
function helpFolder(): string {
  const built = fileURLToPath(new URL('../../help', import.meta.url))
  return existsSync(built) ? built : fileURLToPath(new URL('../../../docs/explanation', import.meta.url))
}

interface Topic {
  readonly name: string
  readonly title: string
  readonly text: string
}

function topics(): readonly Topic[] {
  const folder = helpFolder()
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => {
      const text = readFileSync(`${folder}/${file}`, 'utf8')
      return { name: file.replace(/\.md$/, ''), title: /^# (.*)$/m.exec(text)?.[1] ?? file, text }
    })
}

/** `help TOPIC`: what stands behind the commands, a screen each. `COMMAND --help` tells of a command. */
export function registerHelp(program: Command): void {
  common(program.command('help [topic]'), ['trueup help', 'trueup help approvals', 'trueup help plan'])
    .summary('what stands behind the commands, by topic; or the help of a command')
    .description('Without a topic it lists topics and commands.')
    .action((topic: string | undefined, options: CommonOptions) =>
      runCommand(options, async (run) => {
        const all = topics()
        if (topic === undefined) {
          run.answer({ items: all.map(({ name, title }) => ({ id: name, title })) }, (terminal) => {
            list(all, terminal)
            terminal.line()
            terminal.line(program.helpInformation().trimEnd())
          })
          return 0
        }
        const found = all.find(({ name }) => name === topic)
        if (found !== undefined) {
          run.answer({ id: found.name, title: found.title, text: found.text }, ({ line }) => line(plain(found.text)))
          return 0
        }
        const command = program.commands.find((one) => one.name() === topic)
        if (command === undefined) {
          throw new OperationalError('USAGE', `${topic} is neither a topic nor a command`, {
            hint: `Topics: ${all.map(({ name }) => name).join(', ')}. See \`trueup --help\` for commands.`,
          })
        }
        run.answer({ id: topic, text: command.helpInformation() }, ({ line }) =>
          line(command.helpInformation().trimEnd()),
        )
        return 0
      }),
    )
}

function list(all: readonly Topic[], { line, colour }: Terminal): void {
  line('Topics:')
  for (const { name, title } of all) line(`  ${name.padEnd(12)} ${colour.dim(title)}`)
}

/** Markdown as a terminal shows it: without marks of emphasis, code and links. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/\*\*([^*]+)\*\*/g, '$1')
    .replaceAll(/`([^`]+)`/g, '$1')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/^# /, '')
    .trimEnd()
}
