/** What was planted where: the truth that tests and people compare a report of Trueup with. */

/** The four databases by their names in the desired state, the JSON lead files together, and the base. */
export type GeneratedDatabase = 'main' | 'cache' | 'scraper' | 'campaigns' | 'json' | 'airtable'

/** Every kind of mess by name: how many cells, rows or files of each database have it. Kinds that were not planted are absent. */
export type PlantedReport = Readonly<Record<string, Readonly<Partial<Record<GeneratedDatabase, number>>>>>

/** Counts one more of a kind in the database that the tally was opened for. */
export type Tally = (kind: string, count?: number) => void

/** Collects the counts of all databases. */
export class PlantedCounts {
  readonly #counts = new Map<string, Partial<Record<GeneratedDatabase, number>>>()

  tallyOf(database: GeneratedDatabase): Tally {
    return (kind, count = 1) => {
      const counts = this.#counts.get(kind) ?? {}
      counts[database] = (counts[database] ?? 0) + count
      this.#counts.set(kind, counts)
    }
  }

  /** Kinds in alphabetical order. */
  report(): PlantedReport {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)))
  }
}
