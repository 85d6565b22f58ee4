/** Builds drift and actions of this kind from what a look found, so that all of them carry their evidence the same way. */
import type { ActionDraft, ActionRisk, CellPreview, Finding } from '../../engine/action.ts'
import type { Affected, DriftDraft } from '../../engine/drift.ts'
import { hashOf } from '../../json.ts'
import type { TableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { CellsInput, Evidence, RebuildInput, StatementsInput, TableInput } from './input.ts'
import { noQuestions } from './input.ts'
import { columnOf } from './questions.ts'
import type { Answer, ScanAnswers } from './scan.ts'
import type { TableDeclaration } from './spec.ts'
import { currentForm, type Expectation, type SchemaObject, type TableState } from './state.ts'

/** A declaration beside what was found of it. */
export interface Look {
  readonly spec: TableDeclaration
  readonly state: TableState
}

/** A look at an ordinary table that is there. */
export interface TableLook extends Look {
  readonly table: TableSchema
}

export type Draft = Omit<ActionDraft, 'resolves'>

/** What a column shall become in the next rebuild; several of one column are joined. */
export interface ColumnChange {
  readonly column: string
  /** Definition of a column that is not there yet. */
  readonly add?: string
  readonly type?: string
  /** The CHECK expression; replaces a recognized one. */
  readonly check?: string
  readonly notNull?: true
  readonly default?: string
  /** What must stay as it is for the change to be safe. */
  readonly evidence: Evidence['questions']
}

type Repair =
  | { readonly is: 'action'; readonly draft: Draft }
  | { readonly is: 'change'; readonly change: ColumnChange }

/** One drift with what would mend it; undefined where a person must, or where something else comes first. */
export interface Difference {
  readonly draft: DriftDraft
  readonly repair: Repair | undefined
}

export const nobody: Affected = { count: 0, sample: [] }

/** Cells that go with an action, for the person who approves it. */
const previewMax = 20

/** The answer to a question about the rows; nothing found where it was not asked. */
export function answerOf(
  state: Pick<TableState, 'answers'>,
  id: string,
): { affected: Affected; preview: Answer['preview'] } {
  const answer = state.answers.conditions[id]
  if (answer === undefined) return { affected: nobody, preview: [] }
  return { affected: { count: answer.count, sample: answer.sample }, preview: answer.preview }
}

/** A drift of the table's form; give `affected` and category `data` where it is about rows. */
export function drift(
  draft: Pick<DriftDraft, 'path' | 'severity' | 'desired' | 'observed' | 'message'> & Partial<DriftDraft>,
): DriftDraft {
  return { category: 'database', affected: nobody, ...draft }
}

/** Orders of the actions of one table: what creates a thing comes before what relies on it. */
export const orders = {
  table: 10,
  renameColumn: 20,
  addColumn: 30,
  cells: 40,
  rebuild: 50,
  dropColumn: 60,
  index: 70,
  trigger: 80,
} as const

/** The fingerprint of what an action relies on. */
export function fingerprintOf(evidence: Evidence, objects: readonly SchemaObject[], answers: ScanAnswers): string {
  const { conditions, groupings, missingKeysOf } = evidence.questions
  return hashOf({
    forms: evidence.expect.map((expected) => currentForm(objects, expected)),
    conditions: conditions.map(({ id }) => (id === allRows.id ? answers.rows : (answers.conditions[id]?.count ?? 0))),
    groupings: groupings.map(({ id }) => answers.groupings[id]?.groups ?? 0),
    missingKeys: missingKeysOf === null ? '' : answers.missingKeys.digest,
  })
}

/** The question how many rows there are. */
export const allRows = { id: 'rows', where: '1', preview: null } as const

/** What every action of a look carries. The key is the real column's name; the declared one where it is missing. */
export function commonInput(
  look: Look,
  expect: readonly Expectation[],
  questions: Evidence['questions'] = noQuestions,
) {
  const { spec, state } = look
  const { table } = state
  return {
    database: spec.database,
    path: spec.path,
    table: table?.name ?? spec.table,
    key: (table === undefined ? undefined : columnOf(table, spec.key)?.name) ?? spec.key,
    evidence: { expect: [...expect], questions },
  }
}

interface DraftParts<Input extends TableInput> {
  readonly verb: string
  readonly input: Input
  readonly summary: string
  readonly risk: ActionRisk
  readonly order: number
  readonly findings?: readonly Finding[]
  readonly affected?: Affected
  readonly population?: number
  readonly preview?: readonly CellPreview[]
  readonly reversible?: ActionDraft['reversible']
}

/** The action draft of an input; what it relies on is read from the look. */
export function draftOf<Input extends StatementsInput | RebuildInput | CellsInput | TableInput>(
  state: Pick<TableState, 'objects' | 'answers'>,
  parts: DraftParts<Input>,
): Draft {
  const { input } = parts
  return {
    verb: parts.verb,
    input,
    summary: parts.summary,
    risk: parts.risk,
    findings: parts.findings ?? [],
    precondition: fingerprintOf(input.evidence, state.objects, state.answers),
    affected: parts.affected ?? nobody,
    population: parts.population ?? 0,
    preview: (parts.preview ?? []).slice(0, previewMax),
    reversible: parts.reversible ?? 'exact',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${input.database}`, tokens: 1 },
    order: parts.order,
  }
}

/** What is lost weighs by how much it is: nothing is low, up to 100 values high, more critical. */
export function riskOfLosing(values: number): ActionRisk {
  if (values === 0) return 'low'
  return values <= 100 ? 'high' : 'critical'
}

/** `1 record`, `5,012 records`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`
}
