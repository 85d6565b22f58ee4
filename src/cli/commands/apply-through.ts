/** `apply` while a controller runs: it is asked to look at everything anew, and what it then does is waited for and told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Severity, severities } from '../../engine/drift.ts'
import type { ActionRecord } from '../../engine/ledger.ts'
import { keyText, type ResourceKey } from '../../engine/resource.ts'
import { readKeptViews } from '../../engine/status-store.ts'
import type { StatusView } from '../../engine/view.ts'
import { OperationalError } from '../../errors.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CommandRun } from '../command.ts'
import type { Controller } from '../controller.ts'

/** How often it is asked how far it is, in milliseconds. */
const pollMs = 250
/** A repair wakes the resources that depend on its own a moment later. */
const restingPollsMin = 3
/** One repair may bring about that another is planned anew; what is then of no higher risk was meant too. */
const approveRoundsMax = 8
const recordsMax = 10_000

const receiptSchema = z.object({
  reconcile: z.union([z.object({ runId: z.string() }), z.object({ message: z.string() })]),
})
const standingSchema = z.object({
  resources: z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      lookedAt: z.string().nullable(),
      fullLookAt: z.string().nullable(),
      error: z.object({ code: z.string() }).nullable(),
      conditions: z.array(z.object({ status: z.string(), wakeUpAt: z.string().nullable() })),
      actions: z.array(z.object({ id: z.string(), risk: z.string(), gate: z.object({ runnable: z.boolean() }) })),
    }),
  ),
})
type Standing = z.output<typeof standingSchema>['resources'][number]

export interface ThroughRequest {
  /** Undefined: all resources. */
  readonly keys: readonly ResourceKey[] | undefined
  readonly approveRisk: Severity | undefined
}

export interface Through {
  readonly runId: string
  /** False where it was stopped before the controller had come to rest. */
  readonly settled: boolean
  readonly startedMs: number
}

/** Asks for a full look and waits until what may run has run. */
export async function applyThrough(
  controller: Controller,
  { keys, approveRisk }: ThroughRequest,
  run: CommandRun,
): Promise<Through> {
  const startedMs = Date.now()
  const runId = await askForLook(controller, keys)
  /** By resource, the moment since when a look must have ended. */
  const askedMs = new Map<string, number>()
  const rest = () => atRest(controller, keys, (resource) => askedMs.get(resource) ?? startedMs, run)
  let settled = await rest()
  const approved = new Set<string>()
  for (let round = 0; settled && approveRisk !== undefined && round < approveRoundsMax; round += 1) {
    const held = (await standing(controller, keys)).flatMap((one) =>
      one.actions.map((action) => ({ ...action, resource: keyText(one) })),
    )
    // One that needs a second person stays held, and this one has said what they had to say.
    const meant = held.filter(({ id, gate, risk }) => !gate.runnable && isUpTo(risk, approveRisk) && !approved.has(id))
    if (meant.length === 0) break
    for (const { id, resource } of meant) {
      approved.add(id)
      // An approval has the controller look again, carry out what it may now, and only then tell of that look.
      askedMs.set(resource, Date.now())
    }
    await controller.approve(
      meant.map(({ id }) => id),
      `--approve-risk ${approveRisk}`,
    )
    settled = await rest()
  }
  run.terminal.progressDone()
  return { runId, settled, startedMs }
}

/** What the controller did since, from its journal; oldest first. */
export function doneSince({ engine }: Workspace, startedMs: number, keys: readonly ResourceKey[] | undefined) {
  const wanted = keys === undefined ? undefined : new Set(keys.map(keyText))
  return engine.ledger
    .records({ states: ['succeeded', 'verified', 'failed', 'unknown'], limit: recordsMax })
    .filter(({ changedAtMs, action }) => changedAtMs >= startedMs && (wanted?.has(keyText(action.resource)) ?? true))
    .reverse()
}

/** What the controller knows of every declared resource now. */
export function controllerViews({ engine, journal }: Workspace): readonly StatusView[] {
  return readKeptViews(
    journal,
    engine.declaration().resources.map(({ declared }) => declared.key),
  )
}

const resultSchema = z.looseObject({
  changed: z.number().default(0),
  skipped: z.number().default(0),
  failed: z.number().default(0),
  code: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
})

/** The form of `run.executed` in the document of `apply --json`. */
export function executedJson({ action, state, result }: ActionRecord) {
  const { changed, skipped, failed, code, message, hint } = resultSchema.parse(result ?? {})
  return {
    id: action.id,
    resource: keyText(action.resource),
    verb: action.verb,
    summary: action.summary,
    outcome: state === 'failed' ? 'failed' : state === 'unknown' ? 'interrupted' : 'succeeded',
    changed,
    skipped,
    failed,
    error: code === undefined ? null : { code, message: message ?? '', hint: hint ?? '' },
  }
}

async function askForLook(controller: Controller, keys: readonly ResourceKey[] | undefined): Promise<string> {
  let runId = ''
  for (const key of keys ?? [undefined]) {
    const { reconcile } = await controller.request(
      `mutation ($input: ReconcileInput!) { reconcile(input: $input) { ... on ReconcileReceipt { runId } ... on UserError { message } } }`,
      { input: key === undefined ? {} : { kind: key.kind, name: key.name } },
      receiptSchema,
    )
    if ('message' in reconcile) throw new OperationalError('NOT_FOUND', reconcile.message)
    runId = reconcile.runId
  }
  return runId
}

async function standing(
  controller: Controller,
  keys: readonly ResourceKey[] | undefined,
): Promise<readonly Standing[]> {
  const { resources } = await controller.request(
    '{ resources { kind name lookedAt fullLookAt error { code } conditions { status wakeUpAt } actions { id risk gate { runnable } } } }',
    {},
    standingSchema,
  )
  const wanted = keys === undefined ? undefined : new Set(keys.map(keyText))
  return resources.filter((one) => wanted?.has(keyText(one)) ?? true)
}

async function atRest(
  controller: Controller,
  keys: readonly ResourceKey[] | undefined,
  sinceMs: (resource: string) => number,
  run: CommandRun,
): Promise<boolean> {
  let restingPolls = 0
  for (;;) {
    const all = await standing(controller, keys)
    const moving = all.filter((one) => isMoving(one, sinceMs(keyText(one))))
    restingPolls = moving.length === 0 ? restingPolls + 1 : 0
    if (restingPolls === restingPollsMin) return true
    run.terminal.progress('the controller works', all.length - moving.length, all.length)
    if (run.signal.aborted) return false
    await sleep(pollMs)
  }
}

/** Not looked at since, or about to do something; what waits for a moment to try again has come to rest for now. */
function isMoving({ lookedAt, fullLookAt, error, conditions, actions }: Standing, sinceMs: number): boolean {
  // What cannot be read has no full look; that it could not be read now is what was asked.
  const seenAt = error === null ? fullLookAt : lookedAt
  if (seenAt === null || Date.parse(seenAt) < sinceMs) return true
  return actions.some(({ gate }) => gate.runnable) && conditions.every(({ wakeUpAt }) => wakeUpAt === null)
}

function isUpTo(risk: string, level: Severity): boolean {
  return severities.slice(0, severities.indexOf(level) + 1).some((one) => one === risk.toLowerCase())
}
