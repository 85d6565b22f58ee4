/** Which record values that are to be added mean, by what the last full pass measured and what changed since. */
import { type CandidateSource, edgesOfChanged } from '../../matching/changed-record.ts'
import type { Matcher } from '../../matching/matcher.ts'
import type { Cell } from '../../values/field-type.ts'
import { explainerOf } from './candidates.ts'
import { comparedFields, type DuplicatesSpec } from './spec.ts'

export interface Surest {
  readonly rowId: number
  readonly confidence: number
  /** Why, without a value. */
  readonly explanation: string
}

/** No record has this rowid. */
const asked = -1

/** The surest record that the values mean; undefined where none is sure enough to be merged unasked. */
export function surestOf(
  {
    matcher,
    source,
    spec,
  }: { readonly matcher: Matcher; readonly source: CandidateSource; readonly spec: DuplicatesSpec },
  cellOf: (field: string) => Cell | undefined,
): Surest | undefined {
  const own = comparedFields(spec).map(({ name }) => textOf(cellOf(name)))
  const [best] = edgesOfChanged(matcher, { row: asked, cells: own }, source)
  if (best === undefined || best.confidence < spec.automaticFrom) return undefined
  const rowId = Math.max(best.one, best.other)
  const between = { ...source, cellsOf: (row: number) => (row === asked ? own : source.cellsOf(row)) }
  const { sentence } = explainerOf(matcher, between)({ one: asked, other: rowId })
  return { rowId, confidence: best.confidence, explanation: sentence }
}

function textOf(cell: Cell | undefined): string {
  return cell === null || cell === undefined || cell instanceof Uint8Array ? '' : String(cell)
}
