/**
 * What the permit rule allows: five requests may be under way or answered less than a second ago. A client that does
 * nothing else, one loop for each permit, sending the same writes to the same server.
 */
import { pause } from './measure.ts'

const permits = 5
/** A permit comes back so long after the answer: the limit is a sliding second on Airtable's side of the line. */
const heldMs = 1000
const recordsPerCall = 10

export interface PermitFloorOptions {
  readonly url: string
  readonly baseId: string
  readonly table: string
  readonly keyField: string
  readonly calls: number
  /** The cells of the record with that number. */
  readonly cells: (index: number) => Readonly<Record<string, string>>
}

/** Sends `calls` batches of ten; gives the time from the first to the last answer for each call, in milliseconds. */
export async function permitFloor(options: PermitFloorOptions): Promise<number> {
  const { url, baseId, table, keyField, calls, cells } = options
  let next = 0
  const startMs = performance.now()
  let lastMs = startMs
  const loop = async () => {
    while (next < calls) {
      const from = next * recordsPerCall
      next += 1
      const records = Array.from({ length: recordsPerCall }, (_, at) => ({ fields: cells(from + at) }))
      const response = await fetch(`${url}/v0/${baseId}/${encodeURIComponent(table)}`, {
        method: 'PATCH',
        headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
        body: JSON.stringify({ performUpsert: { fieldsToMergeOn: [keyField] }, records }),
      })
      await response.text()
      if (!response.ok) throw new Error(`the floor's write was answered ${response.status}`)
      lastMs = performance.now()
      await pause(heldMs)
    }
  }
  await Promise.all(Array.from({ length: permits }, loop))
  return (lastMs - startMs) / calls
}
