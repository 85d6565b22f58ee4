/**
 * The fingerprint of a sequence of changes: equal sequences give equal digests, and any other change, order, cell or type
 * of cell gives another one. Evidence of actions and the proof that a checkpoint holds what was approved. Cells that only
 * follow are no part of it.
 */
import { createHash } from 'node:crypto'
import type { Cell } from '../../values/field-type.ts'
import { isFollowing } from './change-codec.ts'
import type { Change, ChangeFingerprint } from './ports.ts'

/** Characters collected before they are hashed: one call a change would cost more than the hashing. */
const batchLength = 32_768

/** An empty sequence; add changes in rowid order. `digest` may be asked at any time and again. */
export function createChangeFingerprint(): ChangeFingerprint {
  const hash = createHash('sha256').update('trueup changes 1\n')
  let pending = ''
  let count = 0
  const flush = () => {
    hash.update(pending)
    pending = ''
  }
  return {
    add(change) {
      if (isFollowing(change)) return
      count += 1
      pending += textOf(change)
      if (pending.length >= batchLength) flush()
    },
    get count() {
      return count
    },
    digest() {
      flush()
      return hash.copy().digest('hex')
    },
  }
}

/** Every part carries its type and length, so that no two changes have the same text. */
function textOf(change: Change): string {
  // A cell is told by its rowid alone: a record that is given its missing key meanwhile is the same record.
  const key = change.is === 'cell' ? '' : textOfCell(change.key)
  const table = change.of === undefined ? '' : `in ${textOfCell(change.of.table)}`
  const unit = change.unit === undefined ? '' : `of ${change.unit} `
  const address = `${table}${unit}${change.is} ${change.rowId} ${key}`
  switch (change.is) {
    case 'cell':
      return `${address}${textOfCell(change.column)}${textOfCell(change.before)}${textOfCell(change.after)}\n`
    case 'insert':
    case 'delete': {
      const columns = Object.keys(change.row).sort()
      const cells = columns.map((column) => textOfCell(column) + textOfCell(change.row[column] ?? null))
      return `${address}${cells.join('')}\n`
    }
  }
}

/** An integer has one text whether it came as a number or as a bigint. */
function textOfCell(cell: Cell): string {
  if (cell === null) return 'n;'
  if (typeof cell === 'string') return `s${cell.length}:${cell}`
  if (cell instanceof Uint8Array) return `b${cell.length}:${Buffer.from(cell).toString('hex')}`
  return `d${cell};`
}
