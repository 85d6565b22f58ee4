/** The desired state as the API asks for it: the file as it is, what a text would mean, and putting one in its place. */
import { chmodSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { ApplyOutcome, DesiredStateCheckView, EnginePort, GenerationView } from '../api/ports.ts'
import type { Clock } from '../clock.ts'
import { compareGenerations, isSuspiciousShrink, textHashOf } from '../desired/generation.ts'
import { preview } from './preview-generation.ts'
import type { Workspace } from './workspace.ts'

type DesiredStatePort = Pick<EnginePort, 'desiredState' | 'generations' | 'checkDesiredState' | 'applyDesiredState'>

interface Options {
  readonly workspace: Workspace
  readonly clock: Clock
  readonly signal: AbortSignal
}

export function desiredStatePort(options: Options): DesiredStatePort {
  const { workspace } = options
  const { generations } = workspace
  return {
    desiredState() {
      const state = generations.state()
      const { text, version } = fileOf(workspace)
      const [inForce] = generations.past(1, state.generation + 1)
      return {
        generation: state.generation,
        text,
        version,
        acceptedAtMs: inForce?.number === state.generation ? inForce.atMs : 0,
        problems: generations.problems(),
        waiting: state.waiting?.why ?? null,
      }
    },
    generations({ before, limit }) {
      const found = generations.past(limit + 1, before)
      return {
        generations: found
          .slice(0, limit)
          .map(({ number, atMs, state, yaml }) => ({ number, atMs, state: stateOf(state), text: yaml })),
        more: found.length > limit,
      }
    },
    checkDesiredState: (yaml) => check(yaml, workspace),
    applyDesiredState: (request) => apply(request, options),
  }
}

function fileOf({ stateFile }: Workspace): { readonly text: string; readonly version: string } {
  const bytes = readFileSync(stateFile)
  return { text: bytes.toString('utf8'), version: textHashOf(bytes) }
}

function stateOf(text: string): GenerationView['state'] {
  return text === 'waiting' || text === 'rejected' ? text : 'accepted'
}

function check(yaml: string, { generations }: Workspace): DesiredStateCheckView {
  const parsed = generations.parse(yaml)
  if (parsed.is === 'invalid') return { problems: parsed.problems, warnings: [], changes: [], waits: null }
  const { state } = generations.inForce()
  const shrink = isSuspiciousShrink(state, parsed.state)
  return {
    problems: [],
    warnings: parsed.warnings,
    changes: compareGenerations(state, parsed.state).map(({ path, change, from }) => ({
      path,
      change,
      from: from ?? null,
    })),
    waits: shrink.is === 'suspicious' ? shrink.why : null,
  }
}

async function apply(
  request: Parameters<EnginePort['applyDesiredState']>[0],
  { workspace, clock, signal }: Options,
): Promise<ApplyOutcome> {
  const { generations } = workspace
  const parsed = generations.parse(request.yaml)
  if (parsed.is === 'invalid') return { is: 'invalid', problems: parsed.problems }
  const { access } = generations.inForce().state
  if (!request.mayGrant && !isDeepStrictEqual(parsed.state.access, access)) return { is: 'grants' }
  if (request.dryRun) return preview(parsed.state, workspace, clock, signal)
  const { text, version } = fileOf(workspace)
  if (request.expectedVersion !== undefined && request.expectedVersion !== version)
    return { is: 'stale', text, version }
  save(request.yaml, workspace.stateFile)
  generations.reload(request.actor)
  const { waiting, generation } = generations.state()
  return waiting === undefined
    ? { is: 'accepted', generation, plan: null, drift: [] }
    : { is: 'waiting', reason: waiting.why }
}

/**
 * As an editor saves: whole or not at all, behind a link where the file is one, with the rights that it had. The file stays the
 * one place where the desired state is written.
 */
function save(yaml: string, stateFile: string): void {
  const file = realpathSync(stateFile)
  const part = `${file}.part`
  writeFileSync(part, yaml)
  chmodSync(part, statSync(file).mode & 0o777)
  renameSync(part, file)
}
