/**
 * Cells of chosen records, kept as bytes: for records that are compared several times and whose source is a file, one more
 * scan is much cheaper than fetching each, and bytes take a fraction of what strings take.
 */
import type { RecordSource } from './source.ts'

const chunkBytes = 4 * 2 ** 20
const separator = '\u0000'

/** Reads the cells of the rows that are chosen (1 in `chosen`); others are fetched from the source when asked for. */
export function cellsOfChosen(source: RecordSource, chosen: Uint8Array): (row: number) => readonly string[] {
  if (source.inMemory) return (row) => source.cellsOf(row)
  const chunks: Buffer[] = []
  /** One more than the number of the row's entry; 0 for none. */
  const entryOf = new Uint32Array(source.rows)
  let entries = 0
  for (let row = 0; row < chosen.length; row += 1) if (chosen[row] === 1) entries += 1
  const starts = new Uint32Array(entries)
  const lengths = new Uint32Array(entries)
  const chunkOf = new Uint16Array(entries)
  let free = 0
  let entry = 0
  source.scan((cells, row) => {
    if (chosen[row] !== 1) return
    // Control characters say nothing, so one may stand between cells.
    const text = cells.some((cell) => cell.includes(separator))
      ? cells.map((cell) => cell.replaceAll(separator, '')).join(separator)
      : cells.join(separator)
    const bytesMax = text.length * 3
    if (bytesMax > free) {
      chunks.push(Buffer.allocUnsafe(Math.max(chunkBytes, bytesMax)))
      free = chunks.at(-1)?.length ?? 0
    }
    const chunk = chunks.at(-1)
    if (chunk === undefined) return
    const start = chunk.length - free
    const length = chunk.write(text, start)
    free -= length
    starts[entry] = start
    lengths[entry] = length
    chunkOf[entry] = chunks.length - 1
    entry += 1
    entryOf[row] = entry
  })
  return (row) => {
    const at = (entryOf[row] ?? 0) - 1
    const chunk = chunks[chunkOf[at] ?? 0]
    if (at < 0 || chunk === undefined) return source.cellsOf(row)
    const start = starts[at] ?? 0
    return chunk.toString('utf8', start, start + (lengths[at] ?? 0)).split(separator)
  }
}
