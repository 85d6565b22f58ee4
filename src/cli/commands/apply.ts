import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { type Severity, severities } from '../../engine/drift.ts'
import type { Convergence, ConvergeRequest } from '../../engine/engine.ts'
import { converge } from '../../engine/engine.ts'
import type { ActionRecord } from '../../engine/ledger.ts'
import { keyText } from '../../engine/resource.ts'
import { type StatusView, viewOf } from '../../engine/view.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../json.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, Refusal, runCommand } from '../command.ts'
import { type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { planDocument, statusOf } from '../plan-json.ts'
import { printPlan, printProblems } from '../plan-text.ts'
import { selectKeys } from '../select.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'
import { applyThrough, controllerViews, doneSince, executedJson } from './apply-through.ts'

interface ApplyOptions extends CommonOptions {
  readonly dryRun: boolean
  readonly approveRisk?: string
}

const savedPlanSchema = z.object({ actions: z.array(z.object({ id: z.string(), summary: z.string() })) })
const riskSchema = z.enum(severities)
/** More than one may be planned anew after another, but never without end. */
const approveRoundsMax = 8
const recordsMax = 10_000

export function registerApply(program: Command): void {
  common(program.command('apply [plan-or-resource...]'), [
    'trueup apply',
    'trueup apply table/leads',
    'trueup apply plan.json          # exactly what `trueup plan --out plan.json` showed',
    'trueup apply --approve-risk high',
  ])
    .summary('one convergence run, then exit')
    .description(
      'Repairs what the policy lets through and leaves the rest waiting for approval. A controller that runs on the workspace is asked to do it, and waited for. Exit status 2 when something waits, 3 when a saved plan is stale, 1 when a repair failed or the file is invalid.',
    )
    .option('--dry-run', 'show what would be done and change nothing', false)
    .option('--approve-risk <level>', `approve everything up to this risk: ${severities.join(', ')}`)
    .action((names: string[], options: ApplyOptions) => runCommand(options, (run) => applyNamed(names, options, run)))
}

/** Has what is named carried out: by the controller that runs on the workspace, else here. */
export async function applyNamed(
  names: readonly string[],
  options: ApplyOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const controller = options.dryRun ? undefined : await controllerOf(options)
  if (controller !== undefined) return applyThere(controller, names, options, run)
  return withWorkspace(options, options.dryRun ? 'look' : 'act', (workspace) =>
    applyOnce(workspace, names, options, run),
  )
}

/** Has the running controller do it. A saved plan that still stands is part of what it does anyway. */
async function applyThere(
  controller: Controller,
  names: readonly string[],
  options: ApplyOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const approveRisk = riskOf(options.approveRisk)
  const { only, rest } = savedPlan(names)
  const keys = await withWorkspace(options, 'look', async (workspace) => {
    const { engine } = workspace
    if (only !== undefined) {
      const actions = controllerViews(workspace).flatMap((view) => view.actions)
      const ended = new Set(
        engine.ledger.records({ states: ['succeeded', 'verified'], limit: recordsMax }).map(({ action }) => action.id),
      )
      refuseGone(only, new Set([...actions.map(({ id }) => id), ...ended]))
    }
    return selectKeys(rest, engine.statuses.all())
  })
  const { runId, settled, startedMs } = await applyThrough(controller, { keys, approveRisk }, run)
  return withWorkspace(options, 'look', async (workspace) => {
    const views = controllerViews(workspace)
    const done = doneSince(workspace, startedMs, keys).map(executedJson)
    const document = planDocument(views, workspace.generations, Date.now())
    run.answer({ ...document, run: { id: runId, settled, executed: done, rolledBack: [], voided: [] } }, (terminal) => {
      terminal.line(terminal.colour.dim(`The controller at ${controller.address} did this:`))
      for (const one of done) printDone(terminal, one)
      printPlan(terminal, views)
      printCounts(terminal, done.filter(({ outcome }) => outcome === 'succeeded').length, views, undefined)
      printProblems(terminal, workspace.generations)
    })
    const failed = done.some(({ outcome }) => outcome !== 'succeeded')
    return failed || workspace.generations.problems().length > 0 ? 1 : statusOf(views, false)
  })
}

function printDone(
  { line, colour }: Terminal,
  { id, resource, summary, error }: ReturnType<typeof executedJson>,
): void {
  if (error === null) line(`${colour.green('✓')} ${resource}: ${summary} ${colour.dim(id)}`)
  else {
    line(`${colour.red('✗')} ${resource}: ${summary}: ${error.message}`)
    line(colour.dim(`    next: ${error.hint}`))
  }
}

async function applyOnce(
  workspace: Workspace,
  names: readonly string[],
  options: ApplyOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const { engine, generations } = workspace
  engine.onProgress(({ resource, verb, done, total }) => run.terminal.progress(`${verb} ${resource}`, done, total))
  const { only, rest } = savedPlan(names)
  const keys = selectKeys(rest, engine.statuses.all())
  const actor = localActor()
  const request = { keys, actor, signal: run.signal, ...(only === undefined ? {} : { only }) }
  const approveRisk = options.dryRun ? undefined : riskOf(options.approveRisk)
  if (only !== undefined) await refuseStale(workspace, only, request)
  const approved = engine.ledger.records({ states: ['approved'], limit: recordsMax })
  let result = await converge(engine, request)
  // One repair may bring about that another is planned anew; what is then of no higher risk was meant too.
  for (let round = 0; round < approveRoundsMax && approveRisk !== undefined; round += 1) {
    if (approveUpTo(workspace, approveRisk, request) === 0) break
    result = joined(result, await converge(engine, request))
  }
  const voided = approved.flatMap(({ action }) => voidedOf(engine.ledger.record(action.id)))
  run.terminal.progressDone()
  const views = engine.statuses.all().map(viewOf)
  const document = planDocument(views, generations, Date.now())
  run.answer({ ...document, run: { ...runJson(result), voided: [...voided] } }, () => {
    printRun(run, views, result, voided)
    printProblems(run.terminal, generations)
  })
  const failed = result.executed.some(({ execution }) => execution.is === 'failed' || execution.is === 'interrupted')
  return failed || generations.problems().length > 0 ? 1 : statusOf(views, false)
}

function savedPlan(names: readonly string[]): { only: ReadonlySet<string> | undefined; rest: readonly string[] } {
  const [first, ...rest] = names
  if (first === undefined || !existsSync(first) || !statSync(first).isFile()) return { only: undefined, rest: names }
  const parsed = savedPlanSchema.safeParse(parseJson(first))
  if (!parsed.success)
    throw new OperationalError('USAGE', `${first} is no saved plan`, {
      hint: 'Make one with `trueup plan --out FILE`.',
    })
  return { only: new Set(parsed.data.actions.map((action) => action.id)), rest }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new OperationalError('USAGE', `${path} is no saved plan: it is not JSON`, { cause: error })
  }
}

/** A saved plan is carried out exactly as it was shown, or not at all. */
async function refuseStale(workspace: Workspace, only: ReadonlySet<string>, request: ConvergeRequest): Promise<void> {
  await converge(workspace.engine, { ...request, only: new Set() })
  const current = new Set(
    workspace.engine.statuses.all().flatMap((status) => status.actions.map(({ action }) => action.id)),
  )
  refuseGone(only, current)
}

function refuseGone(only: ReadonlySet<string>, current: ReadonlySet<string>): void {
  const gone = [...only].filter((id) => !current.has(id))
  if (gone.length === 0) return
  throw new Refusal(
    'PLAN_STALE',
    `the plan is stale: ${gone.length} of its ${only.size} repairs no longer stand (${gone.slice(0, 5).join(', ')})`,
    'Look at what changed with `trueup plan` and save it again.',
  )
}

/** A risk as given on the command line. */
function riskOf(level: string | undefined): Severity | undefined {
  if (level === undefined) return undefined
  const parsed = riskSchema.safeParse(level)
  if (!parsed.success)
    throw new OperationalError('USAGE', `--approve-risk ${level} is no risk`, {
      hint: `Choose one of ${severities.join(', ')}.`,
    })
  return parsed.data
}

/** Approves what is held and of no higher risk; gives how many of them may run now. */
function approveUpTo({ engine }: Workspace, level: Severity, { keys, only, actor }: ConvergeRequest): number {
  const wanted = keys === undefined ? undefined : new Set(keys.map(keyText))
  let runnable = 0
  for (const { actions, declared } of engine.statuses.all()) {
    if (wanted !== undefined && !wanted.has(keyText(declared.key))) continue
    for (const { action, gate } of actions) {
      if (only !== undefined && !only.has(action.id)) continue
      if (gate.runnable || severities.indexOf(action.risk) > severities.indexOf(level)) continue
      engine.approve({ actionId: action.id, approver: actor, comment: `--approve-risk ${level}` })
      if (engine.gating.gate(action).runnable) runnable += 1
    }
  }
  return runnable
}

/** An approval that did not count any more when its repair's turn came. */
interface Voided {
  readonly id: string
  readonly resource: string
  readonly summary: string
  readonly message: string
  readonly successor: string | null
}

function voidedOf(record: ActionRecord | undefined): readonly Voided[] {
  if (record?.state !== 'superseded') return []
  const { action, result } = record
  const text = (value: JsonValue | undefined) => (typeof value === 'string' ? value : undefined)
  return [
    {
      id: action.id,
      resource: keyText(action.resource),
      summary: action.summary,
      message: text(result?.message) ?? 'what it was planned on has changed since',
      successor: text(result?.successor) ?? null,
    },
  ]
}

function joined(first: Convergence, second: Convergence): Convergence {
  return {
    ...second,
    executed: [...first.executed, ...second.executed],
    rolledBack: [...first.rolledBack, ...second.rolledBack],
  }
}

function runJson(result: Convergence): JsonObject {
  return {
    id: result.runId,
    settled: result.settled,
    executed: result.executed.map(({ action, execution }) => ({
      id: action.id,
      resource: keyText(action.resource),
      verb: action.verb,
      summary: action.summary,
      outcome: execution.is,
      changed: execution.is === 'succeeded' ? execution.applied.changed : 0,
      skipped: execution.is === 'succeeded' ? execution.applied.skippedCount : 0,
      failed: execution.is === 'succeeded' ? execution.applied.failed.length : 0,
      error:
        execution.is === 'failed' || execution.is === 'interrupted'
          ? { code: execution.error.code, message: execution.error.message, hint: execution.error.hint }
          : null,
    })),
    rolledBack: result.rolledBack.map((action) => action.id),
  }
}

function printRun(run: CommandRun, views: readonly StatusView[], result: Convergence, voided: readonly Voided[]): void {
  const { terminal } = run
  const { colour } = terminal
  for (const { action, execution } of result.executed) {
    switch (execution.is) {
      case 'succeeded': {
        const left = execution.applied.skippedCount + execution.applied.failed.length
        terminal.line(
          `${colour.green('✓')} ${keyText(action.resource)}: ${action.summary} ${colour.dim(action.id)}${left > 0 ? colour.yellow(` (${left} left alone)`) : ''}`,
        )
        break
      }
      case 'stale':
        terminal.line(`${colour.yellow('○')} ${keyText(action.resource)}: ${action.summary}: ${execution.message}`)
        break
      default:
        terminal.line(`${colour.red('✗')} ${keyText(action.resource)}: ${action.summary}: ${execution.error.message}`)
        terminal.line(colour.dim(`    next: ${execution.error.hint}`))
    }
  }
  for (const { id, resource, message, successor } of voided) {
    terminal.line(`${colour.yellow('○')} ${resource}: the approval of ${id} is void: ${message}`)
    if (successor !== null) terminal.line(colour.dim(`    next: look at ${successor}, then approve or reject it`))
  }
  if (result.rolledBack.length > 0)
    terminal.line(colour.yellow(`Too much failed: ${result.rolledBack.length} repairs of this run were undone.`))
  if (result.executed.length > 0) terminal.line()
  printPlan(terminal, views)
  const done = result.executed.filter(({ execution }) => execution.is === 'succeeded').length
  printCounts(terminal, done, views, result.runId)
}

/** @param runId of the run that can be taken back as one; undefined where it was several */
function printCounts(terminal: Terminal, done: number, views: readonly StatusView[], runId: string | undefined): void {
  const { colour } = terminal
  const waiting = views.flatMap((view) => view.actions).length
  terminal.line(
    waiting === 0
      ? `${done} repairs made; nothing waits. ${done > 0 && runId !== undefined ? colour.dim(`Take all back: trueup undo ${runId}`) : ''}`
      : `${done} repairs made; ${waiting} wait. ${colour.dim('See them: trueup approvals')}`,
  )
}
