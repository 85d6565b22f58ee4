/** What others, or earlier versions, reached on sets that are well known: the figure to be at or above. */

export interface KnownFigure {
  readonly f1: number
  readonly by: string
}

interface KnownSet {
  readonly rows: number
  /** Columns by which the set is told whatever its file is called. */
  readonly columns: readonly string[]
  readonly figure: KnownFigure
}

const febrl = ['given_name', 'surname', 'soc_sec_id', 'date_of_birth']

const knownSets: readonly KnownSet[] = [
  { rows: 5000, columns: febrl, figure: { f1: 0.998, by: 'Splink on febrl3, as GoldenMatch reports' } },
  { rows: 1000, columns: febrl, figure: { f1: 0.998, by: 'the aim for febrl1, after Splink on febrl3' } },
  {
    rows: 1000,
    columns: ['first_name', 'surname', 'dob', 'city', 'email'],
    figure: { f1: 0.889, by: 'fixed m with the best threshold by the truth, our prototype' },
  },
  {
    rows: 50_578,
    columns: ['first_name', 'surname', 'birth_place', 'occupation'],
    figure: { f1: 0.897, by: 'our prototype with EM and guarded clusters; Splink 0.757 as GoldenMatch reports' },
  },
]

/** The figure of a known set, or undefined. */
export function knownFigureOf(columns: readonly string[], rows: number): KnownFigure | undefined {
  return knownSets.find((set) => set.rows === rows && set.columns.every((column) => columns.includes(column)))?.figure
}
