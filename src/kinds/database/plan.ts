/** What would mend a database. Pure: the same look gives the same actions. */
import type { ActionDraft } from '../../engine/action.ts'
import type { Drift } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { draftOf, journalEvidence, modeEvidence } from './actions.ts'
import { modesOf } from './diff.ts'
import { modeText } from './phrases.ts'
import { planRecovery } from './recovery-plan.ts'
import type { DatabaseDeclaration } from './spec.ts'
import { type DatabaseState, problemsOf } from './state.ts'

/** The actions for drift that may be mended. */
export function planDatabase(
  resource: Declared<DatabaseDeclaration>,
  observation: Observation<DatabaseState>,
  drift: readonly Drift[],
): readonly ActionDraft[] {
  const { spec } = resource
  const paths = new Set(drift.map(({ path }) => path))
  if (resource.observeOnly || observation.is === 'unreadable') return []
  if (observation.is === 'absent') return paths.has('file') && spec.holdsTables ? [create(spec)] : []
  const { state } = observation
  return [
    ...setModes(spec, state, paths),
    ...(state.recovery !== undefined && (paths.has('integrity') || paths.has('quarantine'))
      ? planRecovery(spec, state.recovery, namesOf(state, state.recovery.servicePids))
      : []),
    ...(paths.has('journal') && problemsOf(state).length === 0 ? [enableWal(spec, state)] : []),
  ]
}

/** Those that nobody stops by himself. */
function namesOf({ programs }: DatabaseState, servicePids: readonly number[]): readonly string[] {
  return programs.filter(({ pid }) => !servicePids.includes(pid)).map(({ name, pid }) => `${name} (${pid})`)
}

function create(spec: DatabaseDeclaration): ActionDraft {
  return draftOf(
    spec.name,
    { verb: 'create-database', path: spec.path },
    {
      summary: `Make an empty database at ${spec.path}, mode 0600, in WAL mode.`,
      risk: 'low',
      precondition: journalEvidence('absent'),
      resolves: ['file'],
      order: 0,
    },
  )
}

function setModes(spec: DatabaseDeclaration, state: DatabaseState, paths: ReadonlySet<string>): ActionDraft[] {
  const changes = modesOf(state).filter(({ part, from, to }) => from !== to && paths.has(`mode.${part}`))
  if (changes.length === 0) return []
  const { uid } = state.facts.file
  const others = state.programs.filter((one) => one.uid !== undefined && one.uid !== 0 && one.uid !== uid)
  const names = others.map((one) => `${one.name} (user ${one.uid})`).join(', ')
  const steps = changes.map(({ path, from, to }) => `${path} from ${modeText(from)} to ${modeText(to)}`)
  return [
    draftOf(
      spec.name,
      { verb: 'set-mode', path: spec.path, changes },
      {
        summary: `Set the mode of ${steps.join(', ')}.`,
        risk: others.length > 0 ? 'high' : 'low',
        findings:
          others.length > 0
            ? [{ code: 'locks-out-programs', count: others.length, message: `${names} could no longer open it` }]
            : [],
        precondition: modeEvidence(changes, ({ from }) => from),
        resolves: changes.map(({ part }) => `mode.${part}`),
        order: 10,
      },
    ),
  ]
}

function enableWal(spec: DatabaseDeclaration, state: DatabaseState): ActionDraft {
  const affected = state.programs.filter((one) => one.safety === 'affected')
  const warning =
    affected.length === 0
      ? ''
      : ` ${affected.map((one) => `${one.name} (SQLite ${one.sqlite})`).join(', ')} should be upgraded: see programs.sqlite.`
  return draftOf(
    spec.name,
    { verb: 'enable-wal', path: spec.path },
    {
      summary: `Switch ${spec.path} to WAL, so that readers and writers do not wait for each other.${warning}`,
      risk: affected.length > 0 ? 'medium' : 'low',
      precondition: journalEvidence(state.content?.journalMode ?? 'unknown'),
      resolves: ['journal'],
      order: 20,
    },
  )
}
