/** The compiled command line as a person or a script uses it: real processes, their output and their exit status. */
import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { z } from 'zod'

const program = resolve(process.cwd(), 'dist/cli/main.js')

export interface CliOptions {
  /** Working directory; the desired state is looked for there. */
  readonly in?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Runs as this user, for tests that are run by root. */
  readonly as?: { readonly uid: number; readonly gid: number }
}

export interface CliResult {
  /** Null when it was killed. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCli {
  readonly pid: number
  readonly ended: Promise<CliResult>
  hasEnded(): boolean
  /** SIGKILL: nothing of it runs any more when this resolves. */
  kill(): Promise<CliResult>
}

/** Starts `trueup ARGS`. */
export function startTrueup(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child: ChildProcess = spawn(process.execPath, [program, ...args], {
    cwd: options.in,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options.as,
  })
  const { pid, stdout, stderr } = child
  if (pid === undefined || stdout === null || stderr === null) throw new Error('the command line did not start')
  const output = { stdout: '', stderr: '' }
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  let over = false
  const ended = new Promise<CliResult>((done) => {
    child.on('close', (status) => {
      over = true
      done({ status, ...output })
    })
  })
  return {
    pid,
    ended,
    hasEnded: () => over,
    kill() {
      child.kill('SIGKILL')
      return ended
    },
  }
}

/** Runs `trueup ARGS` to its end. */
export function trueup(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startTrueup(args, options).ended
}

export interface JsonAnswer<Document> {
  readonly status: number | null
  readonly document: Document
}

/** Runs `trueup ARGS --json` and reads its document; fails when stdout holds anything but one document. */
export async function trueupJson<Document>(
  args: readonly string[],
  schema: z.ZodType<Document>,
  options: CliOptions = {},
): Promise<JsonAnswer<Document>> {
  const { status, stdout, stderr } = await trueup([...args, '--json'], options)
  return { status, document: schema.parse(soleDocument(stdout, stderr)) }
}

/** The one JSON document that stdout holds. */
export function soleDocument(stdout: string, stderr = ''): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    throw new Error(`stdout is not one JSON document:\n${stdout.slice(0, 2000)}\n--- stderr\n${stderr.slice(0, 2000)}`)
  }
}

const key = z.object({ kind: z.string(), name: z.string() })
const fault = z.object({ code: z.string(), message: z.string(), hint: z.string() })
const gate = z.object({
  decision: z.string(),
  runnable: z.boolean(),
  approvalsNeeded: z.number(),
  approvalsGiven: z.number(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
})
const drift = z.object({
  resource: key,
  path: z.string(),
  severity: z.string(),
  message: z.string(),
  affected: z.object({ count: z.number(), sample: z.array(z.string()) }),
  byHand: z.string().nullable(),
})
const action = z.object({
  id: z.string(),
  resource: key,
  verb: z.string(),
  summary: z.string(),
  risk: z.string(),
  gate,
  affected: z.object({ count: z.number(), sample: z.array(z.string()) }),
  resolves: z.array(z.string()),
  findings: z.array(z.object({ code: z.string(), message: z.string() })),
})
export type ShownAction = z.infer<typeof action>

const plan = z.object({
  generation: z.number(),
  problems: z.array(z.object({ line: z.number(), column: z.number(), path: z.string(), message: z.string() })),
  summary: z.object({ drift: z.number(), actions: z.number() }),
  unreadable: z.array(fault.extend({ resource: key })),
  drift: z.array(drift),
  actions: z.array(action),
})
const executed = z.object({
  id: z.string(),
  resource: z.string(),
  verb: z.string(),
  summary: z.string(),
  outcome: z.string(),
  changed: z.number(),
  error: fault.nullable(),
})
const voided = z.object({
  id: z.string(),
  resource: z.string(),
  summary: z.string(),
  message: z.string(),
  successor: z.string().nullable(),
})
const health = z.object({
  id: z.string(),
  status: z.enum(['ok', 'warning', 'failed', 'unknown']),
  summary: z.string(),
  checks: z.array(z.object({ name: z.string(), status: z.string(), message: z.string() })),
  error: fault.nullable(),
})

/** The documents that commands print with --json, as far as the tests read them. */
export const documents = {
  plan,
  apply: plan.extend({
    run: z.object({
      id: z.string(),
      settled: z.boolean(),
      executed: z.array(executed),
      rolledBack: z.array(z.string()),
      voided: z.array(voided).optional(),
    }),
  }),
  status: z.object({
    status: z.string(),
    sentence: z.string(),
    from: z.string(),
    generation: z.number(),
    items: z.array(
      z.object({ id: z.string(), error: fault.nullable(), actions: z.array(action), drift: z.array(drift) }),
    ),
  }),
  health: z.object({ status: z.string(), items: z.array(health) }),
  why: z.object({
    items: z.array(
      z.object({
        id: z.string(),
        lines: z.array(z.object({ label: z.string(), text: z.string() })),
        conditions: z.array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string(),
            message: z.string(),
            nextStep: z.string().nullable(),
          }),
        ),
      }),
    ),
  }),
  approvals: z.object({ items: z.array(action) }),
  answers: z.object({ items: z.array(z.object({ id: z.string(), is: z.string(), message: z.string() })) }),
  undo: z.object({
    items: z.array(
      z.looseObject({
        is: z.string(),
        actionId: z.string(),
        undoId: z.string().optional(),
        message: z.string().optional(),
      }),
    ),
  }),
  error: z.object({ error: fault }),
} as const
