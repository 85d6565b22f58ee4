/** What every command shares: options, one JSON document on stdout with --json, errors with the next step, exit status. */
import type { Command } from 'commander'
import { InvariantViolation, messageOf, OperationalError } from '../errors.ts'
import { withoutSecrets } from '../scrub.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** 0 done and true, 1 error, 2 drift or something waits, 3 refused. */
export type ExitStatus = 0 | 1 | 2 | 3

export interface CommonOptions {
  /** Path of the desired state. */
  readonly state: string
  readonly json: boolean
}

export interface CommandRun {
  readonly options: CommonOptions
  readonly terminal: Terminal
  /** Prints the answer: `json` with --json, else what `text` prints. */
  answer(json: unknown, text: (terminal: Terminal) => void): void
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
}

/** A refusal that is no error of the program: a stale plan, a forbidden approval. Exit status 3. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly hint: string
  constructor(code: string, message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** Adds the options that every command takes, and examples to its help. */
export function common(command: Command, examples: readonly string[]): Command {
  return command
    .option('--state <file>', 'path of the desired state', process.env.TRUEUP_STATE ?? 'desired-state.yaml')
    .option('--json', 'print one JSON document on stdout', false)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}\n`)
}

/** Runs a command's work and turns how it ends into output and exit status. */
export async function runCommand(
  options: CommonOptions,
  work: (run: CommandRun) => Promise<ExitStatus>,
): Promise<void> {
  const terminal = createTerminal(process.stdout, process.env)
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error('interrupted'))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const run: CommandRun = {
    options,
    terminal,
    signal: stopping.signal,
    answer(json, text) {
      if (options.json) process.stdout.write(`${JSON.stringify(json, null, process.stdout.isTTY ? 2 : 0)}\n`)
      else text(terminal)
    },
  }
  try {
    process.exitCode = await work(run)
  } catch (error) {
    process.exitCode = reportError(error, options.json)
  } finally {
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
  }
}

/** Says what went wrong and what to do next; gives the exit status. */
export function reportError(error: unknown, json: boolean): ExitStatus {
  const { code, message, hint, status } = describeError(error)
  const said = withoutSecrets(message)
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message: said, hint } })}\n`)
  else process.stderr.write(`trueup: ${said}\n${hint === '' ? '' : `  next: ${hint}\n`}`)
  return status
}

function describeError(error: unknown): { code: string; message: string; hint: string; status: ExitStatus } {
  if (error instanceof Refusal) return { code: error.code, message: error.message, hint: error.hint, status: 3 }
  if (error instanceof OperationalError)
    return { code: error.code, message: error.message, hint: error.hint, status: 1 }
  if (error instanceof InvariantViolation) {
    return {
      code: 'INVARIANT',
      message: `a rule of Trueup does not hold: ${error.message}`,
      hint: 'This is a defect; please report it with the command.',
      status: 1,
    }
  }
  // Of better-sqlite3 before its first build, and of one for another Node.js.
  if (error instanceof Error && /bindings file|NODE_MODULE_VERSION/.test(error.message)) {
    const [message = ''] = error.message.split('\n')
    return describeError(new OperationalError('SQLITE_NOT_BUILT', `SQLite cannot be loaded: ${message}`))
  }
  const stack = error instanceof Error && process.env.TRUEUP_LOG === 'debug' ? `\n${error.stack}` : ''
  return {
    code: 'UNEXPECTED',
    message: `${messageOf(error)}${stack}`,
    hint: 'Run again with TRUEUP_LOG=debug and report what it prints.',
    status: 1,
  }
}
